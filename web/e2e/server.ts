import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const built = ["../target/debug/o2o", "../target/release/o2o"].map(
  (path) => new URL(path, import.meta.url.replace("/e2e/", "/")).pathname,
);
const program = process.env.O2O_BIN ?? built.find(existsSync) ?? "o2o";

/** Passwords are hashed lightly here: what hashing costs is not what these tests are about. */
const settings = {
  O2O__DEV__CLOCK: "true",
  O2O__EDGE__RATE_LIMITS__ENABLED: "false",
  O2O__IDENTITY__ARGON2_MEMORY_KIB: "1024",
  O2O__IDENTITY__ARGON2_PASSES: "1",
};

/** A server of its own for one test: a folder of its own, a free port, loopback only. */
export class Server {
  url = "";
  readonly data = mkdtempSync(join(tmpdir(), "o2o-web-"));
  #process: ChildProcess | undefined;

  /** Starts it, the second time at the address of the first. */
  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : "127.0.0.1:0";
    const child = spawn(program, ["serve", "--data", this.data, "--listen", listen], {
      env: { ...process.env, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    let said = "";
    await new Promise<void>((ready, failed) => {
      child.stdout?.on("data", (text: Buffer) => {
        said += text;
        const found = /listening on (http:\S+)/.exec(said)?.[1];
        if (found) {
          this.url = found;
          ready();
        }
      });
      child.stderr?.on("data", (text: Buffer) => {
        said += text;
      });
      child.on("error", failed);
      child.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    });
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.on("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Moves the server's clock forward. */
  async advance(ms: number): Promise<void> {
    const answer = await fetch(`${this.url}/dev/clock`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ advance_ms: ms }),
    });
    if (!answer.ok) throw new Error(`the clock does not move: ${answer.status}`);
  }

  /** The newest link of this kind that was mailed to an address; mails go out a moment after the call. */
  async mailed(to: string, path: "verify" | "reset" | "email-change" | "join"): Promise<string> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answer = await fetch(`${this.url}/dev/outbox?to=${encodeURIComponent(to)}`);
      const { data } = (await answer.json()) as { data: { text: string }[] };
      for (const { text } of data) {
        const found = new RegExp(`/${path}\\?[\\w=.%-]+`).exec(text)?.[0];
        if (found) return found;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`no link to /${path} was mailed to ${to}`);
  }

  /** A command of an operator, beside the running server. */
  member(...args: string[]): void {
    execFileSync(program, ["member", ...args, "--data", this.data], {
      env: { ...process.env, ...settings },
      stdio: "pipe",
    });
  }
}
