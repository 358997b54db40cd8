// The client of `dynopc lsp`. It starts the user's own dynopc and downloads nothing.

import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Dynop", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("dynop.restart", () => restart(output)),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("dynop.server")) {
        await restart(output);
      }
    }),
  );
  await start(output);
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function restart(output: vscode.LogOutputChannel): Promise<void> {
  await stop();
  await start(output);
}

async function stop(): Promise<void> {
  const stopped = client;
  client = undefined;
  // One that never came up can't be asked to end.
  if (stopped?.state === State.Running) {
    await stopped.stop();
  }
}

async function start(output: vscode.LogOutputChannel): Promise<void> {
  const settings = vscode.workspace.getConfiguration("dynop");
  const command = resolved(settings.get<string>("server.path", "dynopc"));
  const server: ServerOptions = { command, args: settings.get<string[]>("server.arguments", ["lsp"]) };
  const started = new LanguageClient("dynop", "Dynop", server, {
    documentSelector: [
      { language: "dynop", scheme: "file" },
      { language: "dynop", scheme: "untitled" },
    ],
    outputChannel: output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
  });
  client = started;
  try {
    await started.start();
  } catch (why) {
    output.error(`${command} could not be started: ${String(why)}`);
    // Not awaited: the message stays until somebody answers it.
    void tellWhere(command);
  }
}

async function tellWhere(command: string): Promise<void> {
  const settings = "Open the setting";
  const chosen = await vscode.window.showErrorMessage(
    `Dynop: \`${command} lsp\` could not be started. Install dynopc, or say where it is.`,
    settings,
  );
  if (chosen === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "dynop.server.path");
  }
}

function resolved(path: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return path.trim().replace(/^~(?=\/|$)/, homedir()).replaceAll("${workspaceFolder}", folder) || "dynopc";
}
