import assert from "node:assert/strict";
import { listenNative } from "../../src/gateway/native_socket.ts";
import type { Door, Listener, Socket } from "../../src/gateway/socket.ts";
import { listenWs } from "../../src/gateway/ws_socket.ts";

/** What every Deno.serve of this process needs to stay: ours on loopback, and those of agents. */
const untouched = { request: Request, response: Response };
const options = { hostname: "127.0.0.1", port: 0, idleTimeoutSeconds: 0 };

/** A door that lets everybody in and keeps what it sees; `spoken` after two messages, `gone` after a close. */
function openDoor() {
  const seen = { messages: [] as (string | ArrayBuffer)[], closes: [] as number[], sockets: [] as Socket[] };
  const [spoken, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const door: Door = {
    fetch: (request) => new Response(`plain ${new URL(request.url).pathname}`),
    admit: (request) =>
      new URL(request.url).pathname === "/closed" ? new Response("not here", { status: 404 }) : {
        onOpen: (socket) => void seen.sockets.push(socket),
        onMessage: (data) => void (seen.messages.push(data) === 2 && spoken.resolve()),
        onClose: (code) => {
          seen.closes.push(code);
          gone.resolve();
        },
      },
  };
  return { door, seen, spoken: spoken.promise, gone: gone.promise };
}

const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Requests that no decent client sends. */
const hostile = [
  `GET / HTTP/1.1\r\nHost: user:pass@localhost\r\n${upgrade}`,
  `GET http://x/y HTTP/1.1\r\nHost: a\r\n${upgrade}`,
  `GET //evil/path HTTP/1.1\r\nHost: a\r\n${upgrade}`,
  `GET / HTTP/1.1\r\nHost: [\r\n${upgrade}`,
  `GET / HTTP/1.1\r\n${upgrade}`,
  `OPTIONS * HTTP/1.1\r\nHost: a\r\n${upgrade}`,
  `GET / HTTP/1.1\r\nHost: a\r\nOrigin: a\r\nOrigin: b\r\n${upgrade}`,
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${upgrade}`,
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: [\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: user:pass@a\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "garbage\r\n\r\n",
  "\r\n",
];

/** Sends raw bytes and reads what comes until the server has closed or said enough. */
async function talk({ hostname, port }: Listener, text: string): Promise<void> {
  using connection = await Deno.connect({ hostname, port });
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite().catch(() => {});
  await connection.read(new Uint8Array(1024)).catch(() => 0);
}

const status = async ({ port }: Listener) => (await (await fetch(`http://127.0.0.1:${port}/x`)).text());

for (const [name, listen] of [["native", listenNative], ["ws", listenWs]] as const) {
  Deno.test(`Transport ${name}: requests no decent client sends end their own connection only`, async () => {
    const { door } = openDoor();
    const listener = await listen(door, options);
    for (const text of hostile) await talk(listener, text);
    assert.equal(await status(listener), "plain /x");
    await listener.shutdown();
    await listener.finished;
  });

  Deno.test(`Transport ${name}: text, bytes, refusal, goodbye`, async () => {
    const { door, seen, spoken, gone } = openDoor();
    const listener = await listen(door, options);
    const url = `ws://127.0.0.1:${listener.port}`;
    const refused = new WebSocket(`${url}/closed`);
    await new Promise((resolve) => refused.onerror = (event) => (event.preventDefault(), resolve(undefined)));
    const socket = new WebSocket(url, ["other", "myagent.v1"]);
    const got: string[] = [];
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    const heard = new Promise<void>((resolve) =>
      socket.onmessage = ({ data }) => got.push(data) === 2 && resolve()
    );
    await new Promise((resolve) => socket.onopen = resolve);
    assert.equal(socket.protocol, "myagent.v1");
    socket.send("文字 😀");
    socket.send(new Uint8Array([1, 2]));
    await spoken;
    assert.equal(seen.messages[0], "文字 😀");
    assert.deepEqual([...new Uint8Array(seen.messages[1] as ArrayBuffer)], [1, 2]);
    seen.sockets[0].send("one");
    seen.sockets[0].send("two");
    await heard;
    seen.sockets[0].close(4008, "slow_consumer");
    const { code, reason } = await closed;
    assert.deepEqual([code, reason, got], [4008, "slow_consumer", ["one", "two"]]);
    await gone;
    assert.deepEqual(seen.closes, [4008]);
    seen.sockets[0].close(1000, "bye");
    seen.sockets[0].terminate();
    await listener.shutdown();
  });
}

Deno.test("The second transport leaves the globals of the process as they are", async () => {
  const { door } = openDoor();
  const listener = await listenWs(door, options);
  const after = { request: Request, response: Response };
  assert.equal(await status(listener), "plain /x");
  await listener.shutdown();
  assert.deepEqual([after.request === untouched.request, after.response === untouched.response], [
    true,
    true,
  ]);
});
