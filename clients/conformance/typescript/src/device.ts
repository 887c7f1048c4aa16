/** A device as docs/REALTIME.md describes a correct one, and the few calls of the API that it needs. */

import { WebSocket } from "ws";

const PATIENCE_MS = 20_000;
const PASSWORD = "tea at the kitchen table";

export interface Event {
  readonly id?: number;
  readonly type: string;
  readonly occurred_at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Frame =
  | { readonly type: "ready"; readonly last_event_id: number }
  | { readonly type: "resync" }
  | { readonly type: "batch"; readonly events: readonly Event[] }
  | Event;

export interface Message {
  readonly id: string;
  readonly seq: number;
}

interface SignedIn {
  readonly member: { readonly id: string };
  readonly session: { readonly access_token: string };
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function call<T>(url: string, method: string, path: string, token?: string, body?: unknown): Promise<T> {
  const headers = new Headers();
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const options: RequestInit = { method, headers };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(url + path, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}

/** Somebody with an account, and one session of theirs. */
export class Member {
  readonly id: string;
  readonly token: string;

  private constructor(readonly url: string, readonly email: string, signedIn: SignedIn) {
    this.id = signedIn.member.id;
    this.token = signedIn.session.access_token;
  }

  /** Registers, and opens the link of the mail, which the outbox of a development server shows. */
  static async signUp(url: string, name: string): Promise<Member> {
    const email = `${name}.${Date.now()}.${Math.floor(Math.random() * 1e9)}@o2o.example`;
    const body = { name, email, password: PASSWORD, consent: true, age_attested: true, client: "native" };
    await call(url, "POST", "/v1/auth/register", undefined, body);
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(50)) {
      const path = `/dev/outbox?channel=email&to=${encodeURIComponent(email)}`;
      const { data } = await call<{ data: readonly { text: string }[] }>(url, "GET", path);
      const token = /\/verify\?token=([\w-]+)/.exec(data[0]?.text ?? "")?.[1];
      if (token === undefined) continue;
      const verified = { token, client: "native" };
      return new Member(url, email, await call<SignedIn>(url, "POST", "/v1/auth/email/verify", undefined, verified));
    }
    throw new Error(`no mail for ${email}`);
  }

  async anotherSession(): Promise<Member> {
    const body = { email: this.email, password: PASSWORD, client: "native" };
    return new Member(this.url, this.email, await call<SignedIn>(this.url, "POST", "/v1/auth/login", undefined, body));
  }

  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return call<T>(this.url, method, path, this.token, body);
  }

  ticket(): Promise<{ ticket: string; expires_in: number }> {
    return this.call("POST", "/v1/realtime/tickets");
  }

  says(conversation: string, text: string): Promise<Message> {
    return this.call("POST", `/v1/conversations/${conversation}/messages`, { kind: "text", content: text });
  }
}

/** One connection. Keeps what it was told, each event once. */
export class Device {
  ready: number | undefined;
  resync = false;
  /** Those that bring events. */
  readonly frames: { readonly at: number; readonly frame: Frame }[] = [];
  /** In order, without those that came twice. */
  readonly events: Event[] = [];
  twice = 0;
  code: number | undefined;
  private readonly waiting = new Set<() => void>();

  private constructor(private readonly socket: WebSocket, public last: number | undefined) {
    socket.on("message", (data) => {
      this.receive(JSON.parse(String(data)) as Frame);
      this.wake();
    });
    socket.on("close", (code) => {
      this.code = code;
      this.wake();
    });
    socket.on("error", () => undefined); // A close follows.
  }

  static async open(member: Member, last?: number, ticket?: string): Promise<Device> {
    const spent = ticket ?? (await member.ticket()).ticket;
    const query = last === undefined ? "" : `&last_event_id=${last}`;
    const address = `ws${member.url.slice("http".length)}/v1/realtime?ticket=${spent}${query}`;
    const socket = new WebSocket(address, { perMessageDeflate: false });
    const device = new Device(socket, last);
    await new Promise((done, failed) => socket.once("open", done).once("error", failed));
    return device;
  }

  private receive(frame: Frame): void {
    if (this.ready === undefined) {
      if (!("last_event_id" in frame)) throw new Error(`the first frame is ${frame.type}`);
      this.ready = frame.last_event_id;
      this.last ??= this.ready;
    } else if (frame.type === "resync") {
      this.resync = true;
      this.last = this.ready;
    } else {
      this.frames.push({ at: performance.now(), frame });
      if ("events" in frame) frame.events.forEach((event) => this.take(event));
      else if ("data" in frame) this.take(frame);
    }
  }

  private take(event: Event): void {
    if (event.id !== undefined && event.id <= (this.last ?? 0)) {
      this.twice += 1;
      return;
    }
    this.last = event.id ?? this.last;
    this.events.push(event);
  }

  private wake(): void {
    this.waiting.forEach((look) => look());
  }

  of(kind: string): Event[] {
    return this.events.filter((event) => event.type === kind);
  }

  /** The `seq` of the messages that were told, as they came. */
  seqs(): number[] {
    return this.of("message.created").map((event) => event.data["seq"] as number);
  }

  /** Waits until `what` gives something, and gives that. */
  until<T>(what: () => T | undefined | false): Promise<T> {
    return new Promise((done, failed) => {
      const look = (): void => {
        const found = what();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        done(found);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        failed(new Error(`it never came; heard were ${this.events.slice(-8).map((event) => event.type).join(", ")}`));
      }, PATIENCE_MS);
      this.waiting.add(look);
      look();
    });
  }

  hears(kind: string, fits: (data: Event["data"]) => boolean = () => true): Promise<Event> {
    return this.until(() => this.of(kind).find((event) => fits(event.data)));
  }

  says(frame: Readonly<Record<string, unknown>>): void {
    this.socket.send(JSON.stringify(frame), () => undefined);
  }

  closed(): Promise<number> {
    return this.until(() => this.code);
  }

  /** The network breaks: no goodbye. */
  async drop(): Promise<void> {
    this.socket.terminate();
    await this.closed();
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed();
  }
}
