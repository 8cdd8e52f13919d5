import { createRouter, createWebHistory } from "vue-router";
import type { RouteRecordRaw } from "vue-router";

/** The pages of the modules. */
const pages: RouteRecordRaw[] = [];

export const routes: RouteRecordRaw[] = [
  {
    path: "/",
    name: "home",
    component: () => import("./pages/home/HomePage.vue"),
  },
  ...pages,
  {
    path: "/:path(.*)*",
    name: "not-found",
    component: () => import("./pages/not-found/NotFoundPage.vue"),
  },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
