import { PiniaColada, PiniaColadaQueryHooksPlugin } from "@pinia/colada";
import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { router } from "./router";
import { connect } from "./services/api.service";
import { failures, starts } from "./start";
import { useSessionStore } from "./stores/session.store";
import "./styles.css";

const app = createApp(App);
app.use(createPinia());

const onError = (error: unknown) => failures.forEach((each) => each(error));
// Data is shown at once when a page is opened again, and asked for anew behind it.
app.use(PiniaColada, {
  queryOptions: { staleTime: 2_000 },
  mutationOptions: { onError },
  plugins: [PiniaColadaQueryHooksPlugin({ onError })],
});

const session = useSessionStore();
connect({
  token: () => session.token,
  refresh: session.refresh,
  onSignedOut: session.signedOut,
});
for (const start of starts) start(router);

app.use(router);
app.mount("#app");
