/**
 * The ceiling: a bare Deno.serve that does the wire work of the real server and nothing else. It reads each command
 * as JSON and sends, for its kind, the same frames that the real server sent in a recorded run, written anew each time.
 */
import { serveLines } from "./child.ts";

type Template = Record<string, unknown>;

/** Frames by what they answer. */
export interface Recording {
  readonly connected: readonly Template[];
  readonly created: readonly Template[];
  readonly run: readonly Template[];
}

const { recording } = JSON.parse(Deno.args[0]) as { recording: Recording };
const onListening = Promise.withResolvers<number>();

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => onListening.resolve(port),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 40 });
  const session_id = crypto.randomUUID();
  let seq = 0;
  const sendAll = (templates: readonly Template[]) => {
    for (const template of templates) {
      template.session_id = session_id;
      template.seq = ++seq;
      socket.send(JSON.stringify(template));
    }
  };
  socket.onopen = () => recording.connected.forEach((template) => socket.send(JSON.stringify(template)));
  socket.onmessage = ({ data }) => {
    const command = JSON.parse(data) as { event: string };
    sendAll(command.event === "user.message" ? recording.run : recording.created);
  };
  return response;
});

await serveLines({ port: await onListening.promise }, () => null);
await server.shutdown();
Deno.exit(0);
