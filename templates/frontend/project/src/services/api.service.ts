/** How the generated client reaches the API; everything that is sent goes through it. */
import { configure } from "../api/runtime";
import type { Config } from "../api/runtime";
import { session } from "../api/auth";

/** What a session offers the client; `refresh` is asked once, however many calls wait for it. */
export interface Credentials {
  token: () => string | undefined;
  refresh?: (signal: AbortSignal) => Promise<boolean>;
  onSignedOut?: () => void;
}

const settings: Config = { baseUrl: "/api" };

/** Settles how calls are made, from here on. */
export function connect(credentials: Credentials, more: Config = {}): void {
  const { token, ...rest } = credentials;
  Object.assign(
    settings,
    session({
      ...rest,
      authorize: (request) => {
        const found = token();
        if (found) request.headers.set("authorization", `Bearer ${found}`);
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
