/** Proxies that lead to one server, whatever they are asked for, and say what they were asked. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import net, { type AddressInfo } from "node:net";

export const portOf = (server: net.Server | Server): number => (server.address() as AddressInfo).port;

/** An HTTP proxy and a SOCKS 5 proxy, which knows as much of it as a client without a login needs; not listening yet. */
export function createProxies(targetPort: () => number, tell: (asked: string) => void) {
  const tunnel = (socket: net.Socket): void => {
    const upstream = net.connect(targetPort(), "127.0.0.1");
    for (const end of [socket, upstream]) end.on("error", () => (upstream.destroy(), socket.destroy()));
    socket.pipe(upstream).pipe(socket);
  };
  const httpProxy = createServer().on("connect", (request: IncomingMessage, socket: net.Socket) => {
    tell(`CONNECT ${request.url}`);
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    tunnel(socket);
  });
  const socksProxy = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(Buffer.from([5, 0]));
      socket.once("data", (asked) => {
        tell(`SOCKS ${asked.subarray(5, 5 + (asked[4] ?? 0)).toString()}`);
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        tunnel(socket);
      });
    });
  });
  return { httpProxy, socksProxy };
}
