//! Starts `archdsl lsp` in Zed, with the archdsl on the PATH of the project.

use zed_extension_api as zed;

struct ArchExtension;

impl zed::Extension for ArchExtension {
    fn new() -> Self {
        Self
    }

    fn language_server_command(
        &mut self,
        _server: &zed::LanguageServerId,
        worktree: &zed::Worktree,
    ) -> zed::Result<zed::Command> {
        let command = worktree
            .which("archdsl")
            .ok_or("archdsl is not on the PATH: pip install 'archdsl[lsp]'")?;
        Ok(zed::Command {
            command,
            args: vec!["lsp".to_string()],
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(ArchExtension);
