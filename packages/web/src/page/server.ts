/** Requests to the local server that the page came from. */
import { UserError } from '@vssm/core';

export class ServerGone extends UserError {
  constructor() {
    super('the local server has stopped; start it again with pnpm serve and open the address that it prints');
  }
}

/**
 * @param path relative to the page
 * @throws ServerGone; a UserError with the server's own words where it refuses
 */
export async function fetchFromServer(path: string, request: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, import.meta.url), request);
  } catch (error) {
    if (error instanceof TypeError) throw new ServerGone();
    throw error;
  }
  if (response.status === 422) throw new UserError(await response.text());
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response;
}

/** Asks now and then whether the server is still there, and tells once when it is not. */
export function watchServer(gone: (error: ServerGone) => void, everyMs = 2000): void {
  const timer = setInterval(() => {
    fetchFromServer('alive')
      .then((response) => response.text())
      .catch((error: unknown) => {
        if (!(error instanceof ServerGone)) return;
        clearInterval(timer);
        gone(error);
      });
  }, everyMs);
}
