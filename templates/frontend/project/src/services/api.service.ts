/** How the generated client reaches the API; everything that is sent goes through it. */
import { configure } from "../api/runtime";
import type { Config } from "../api/runtime";
import { session } from "../api/auth";

/**
 * What a session offers the client: a token, or what proves that a call comes from this page where the session is in
 * cookies. `refresh` is asked once, however many calls wait for it.
 */
export interface Credentials {
  token?: () => string | undefined;
  csrf?: () => string | undefined;
  refresh?: (signal: AbortSignal) => Promise<boolean>;
  onSignedOut?: () => void;
}

const settings: Config = { baseUrl: "/api" };

/** Settles how calls are made, from here on. */
export function connect(credentials: Credentials, more: Config = {}): void {
  const { token, csrf, ...rest } = credentials;
  Object.assign(
    settings,
    session({
      ...rest,
      authorize: (request) => {
        const found = token?.();
        if (found) request.headers.set("authorization", `Bearer ${found}`);
        const proof = csrf?.();
        if (proof) request.headers.set("x-csrf-token", proof);
      },
    }),
    more,
  );
  configure(settings);
}

/** The settings for a call that must reach the server although the page is being left. */
export function leaving(): Config {
  return { ...settings, init: { ...settings.init, keepalive: true } };
}
