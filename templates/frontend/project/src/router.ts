import { createRouter, createWebHistory } from "vue-router";
import type { RouteRecordRaw } from "vue-router";

import HomePage from "./pages/home/HomePage.vue";
import NotFoundPage from "./pages/not-found/NotFoundPage.vue";

/** The pages of the modules. */
const pages: RouteRecordRaw[] = [];

export const routes: RouteRecordRaw[] = [
  { path: "/", name: "home", component: HomePage },
  ...pages,
  { path: "/:path(.*)*", name: "not-found", component: NotFoundPage },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
