/**
 * A page's own web server: on this machine only, on a port of the system's choosing, under a path that nobody
 * else can guess. It serves the page and hands bulk data to and fro (see wire.ts); a page that is not driven may
 * bring requests of its own.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, pageBundle } from './bundle.ts';

const page = `<!doctype html>
<meta charset="utf-8">
<title>vssm</title>
<link rel="icon" href="data:,">
<script type="module" src="main.js"></script>
`;

const runtimeFolder = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm')));
const runtimeFile = /^ort-wasm-simd-threaded(\.asyncify)?\.(mjs|wasm)$/;
const kernelsFile = fileURLToPath(new URL('../wasm/kernels.wasm', import.meta.resolve('@vssm/kernels')));

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  bin: 'application/octet-stream',
};

/** A request below the page's path, its slashes taken apart. */
export interface PageRequest {
  readonly method: string;
  readonly folder: string;
  readonly file: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PageAnswer {
  readonly status: number;
  /** Content type. */
  readonly type: string;
  readonly parts: readonly Uint8Array[];
}

/** What a server serves. */
export interface Site {
  readonly html: string;
  /** As of pageBundle. */
  readonly entries?: readonly string[];
  /** Asked first; undefined for what is not the site's own. */
  answer?(request: PageRequest): Promise<PageAnswer | undefined>;
}

/** Listens on 127.0.0.1 until it is closed. */
export class PageServer {
  readonly #server: Server;
  readonly #site: Site;
  readonly #bundle: Bundle;
  readonly #secret = randomUUID();
  readonly #offers = new Map<string, readonly Uint8Array[]>();
  readonly #answers = new Map<string, ArrayBuffer>();

  /** @param port 0: of the system's choosing */
  static async start(site: Site = { html: page }, port = 0): Promise<PageServer> {
    const server = new PageServer(site, await pageBundle(site.entries));
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  constructor(site: Site, bundle: Bundle) {
    this.#site = site;
    this.#bundle = bundle;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
  }

  /** Where the page is. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${this.#secret}/`;
  }

  /** Keeps a frame until `withdraw`; returns its name. The bytes are not copied. */
  offer(frame: readonly Uint8Array[]): string {
    const name = randomUUID();
    this.#offers.set(name, frame);
    return name;
  }

  withdraw(name: string): void {
    this.#offers.delete(name);
  }

  /** The frame that the page has sent under this name. */
  take(name: string): ArrayBuffer {
    const frame = this.#answers.get(name);
    if (frame === undefined) throw new Error(`the page has sent nothing as "${name}"`);
    this.#answers.delete(name);
    return frame;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [secret, folder, file] = (request.url ?? '').slice(1).split('/');
    // Threads in WebAssembly need a page that no other origin shares memory with.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cache-Control', 'no-store');
    const send = (name: string, parts: readonly Uint8Array[]) => {
      response.setHeader('Content-Type', types[name.replace(/^.*\./, '')]);
      response.setHeader(
        'Content-Length',
        parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
      );
      for (const part of parts) response.write(part);
      response.end();
    };
    const missing = () => {
      response.statusCode = 404;
      response.end();
    };
    if (secret !== this.#secret) return missing();
    const { method = '' } = request;
    const own = await this.#site.answer?.({ method, folder, file, body: request });
    if (own !== undefined) {
      response.writeHead(own.status, { 'Content-Type': own.type });
      for (const part of own.parts) response.write(part);
      response.end();
      return;
    }
    if (folder === 'answers' && request.method === 'POST') {
      this.#answers.set(file, await bodyOf(request));
      response.statusCode = 204;
      response.end();
      return;
    }
    if (request.method !== 'GET') return missing();
    if (folder === 'offers') {
      const frame = this.#offers.get(file);
      return frame === undefined ? missing() : send('offer.bin', frame);
    }
    if (folder === 'runtime') {
      return runtimeFile.test(file) ? send(file, [await readFile(join(runtimeFolder, file))]) : missing();
    }
    if (folder === '') return send('page.html', [new TextEncoder().encode(this.#site.html)]);
    if (folder === 'kernels.wasm') return send(folder, [await readFile(kernelsFile)]);
    const bundled = this.#bundle.get(folder);
    return bundled === undefined ? missing() : send(folder, [bundled]);
  }
}

async function bodyOf(request: IncomingMessage): Promise<ArrayBuffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.byteLength;
  }
  return body.buffer;
}
