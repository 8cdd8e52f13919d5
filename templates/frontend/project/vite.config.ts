import tailwindcss from "@tailwindcss/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

// `arckode dev` says where the API is; alone, `npm run dev` expects `arckode dev --api-only`.
const api = process.env.ARCKODE_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue(), tailwindcss()],
  define: { __VUE_OPTIONS_API__: "false" },
  build: {
    modulePreload: { polyfill: false }, // every browser that the bundle is for knows it
    rolldownOptions: {
      // What comes from npm changes seldom: browsers keep it when the application is deployed anew.
      output: {
        codeSplitting: { groups: [{ name: "vue", test: /node_modules/ }] },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/docs", "/openapi.json", "/health"].map((path) => [path, api]),
    ),
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    testTimeout: 20_000,
  },
});
