// Which command starts the language server.

export interface Settings {
  command: string[];
  pedantic: boolean;
}

export interface Command {
  command: string;
  args: string[];
}

/** The command: the one that is set, else the environment of a workspace folder, else archdsl on the PATH. */
export function serverCommand(
  settings: Settings,
  folders: string[],
  exists: (path: string) => boolean,
  platform: string,
): Command {
  const given = settings.command.filter((word) => word.trim() !== "");
  const words = given.length > 0 ? given : (inEnvironment(folders, exists, platform) ?? ["archdsl"]);
  return { command: words[0], args: [...words.slice(1), "lsp", ...(settings.pedantic ? ["--pedantic"] : [])] };
}

function inEnvironment(folders: string[], exists: (path: string) => boolean, platform: string): string[] | undefined {
  const program = platform === "win32" ? "Scripts\\archdsl.exe" : "bin/archdsl";
  const separator = platform === "win32" ? "\\" : "/";
  for (const folder of folders) {
    for (const name of [".venv", "venv"]) {
      const path = [folder, name, program].join(separator);
      if (exists(path)) return [path];
    }
  }
  return undefined;
}

/** What to show if the server does not start. */
export function failure(command: Command, error: string): string {
  const words = [command.command, ...command.args].join(" ");
  return `archdsl: the language server (${words}) did not start: ${error}. Install it with: pip install "archdsl[lsp]"`;
}
