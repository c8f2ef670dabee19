// The extension: it starts `archdsl lsp`, and shows the diagram and the table in a panel.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { failure, serverCommand } from "./command";
import { page, type Preview, type Wanted } from "./panelHtml";

let client: LanguageClient | undefined;
const panels = new Map<string, vscode.WebviewPanel>();
/** What each panel wants to show; a panel that has not said it yet is being loaded. */
const wanted = new Map<string, Wanted>();
let scripts: vscode.Uri;
const timers = new Map<string, NodeJS.Timeout>();
const PAUSE = 300;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  scripts = vscode.Uri.joinPath(context.extensionUri, "dist");
  context.subscriptions.push(
    vscode.commands.registerCommand("archdsl.openDiagram", (uri?: string) => openPanel(uri)),
    vscode.commands.registerCommand("archdsl.restart", () => restart()),
    vscode.workspace.onDidChangeTextDocument((event) => refreshLater(event.document.uri.toString())),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("archdsl")) void restart();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("archdsl");
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const chosen = { command: settings.get<string[]>("command", []), pedantic: settings.get<boolean>("pedantic", false) };
  const command = serverCommand(chosen, folders, existsSync, process.platform);
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "arch" }],
    initializationOptions: { openDiagram: true },
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.arch") },
  };
  client = new LanguageClient("archdsl", "archdsl", command, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    void vscode.window.showErrorMessage(failure(command, String(error)));
  }
}

async function restart(): Promise<void> {
  const old = client;
  client = undefined;
  await old?.stop();
  await start();
}

async function openPanel(given?: string): Promise<void> {
  const uri = given ?? vscode.window.activeTextEditor?.document.uri.toString();
  if (uri === undefined) return;
  let panel = panels.get(uri);
  if (panel === undefined) {
    const name = basename(vscode.Uri.parse(uri).path);
    const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { enableScripts: true, localResourceRoots: [scripts] };
    panel = vscode.window.createWebviewPanel("archdsl.diagram", name, beside, options);
    panel.onDidDispose(() => {
      panels.delete(uri);
      wanted.delete(uri);
    });
    panel.webview.onDidReceiveMessage((message: Wanted) => {
      wanted.set(uri, message);
      void refresh(uri);
    });
    panels.set(uri, panel);
    const script = panel.webview.asWebviewUri(vscode.Uri.joinPath(scripts, "panel.js"));
    panel.webview.html = page(name, script.toString(), panel.webview.cspSource);
  } else {
    panel.reveal(undefined, true);
  }
}

function refreshLater(uri: string): void {
  if (!panels.has(uri)) return;
  clearTimeout(timers.get(uri));
  timers.set(uri, setTimeout(() => void refresh(uri), PAUSE));
}

async function refresh(uri: string): Promise<void> {
  const [panel, shown] = [panels.get(uri), wanted.get(uri)];
  if (panel === undefined || shown === undefined || client === undefined) return;
  const preview = await client.sendRequest<Preview>("workspace/executeCommand", {
    command: "archdsl.preview",
    arguments: [uri, true, shown.view, shown.theme],
  });
  await panel.webview.postMessage(preview);
}
