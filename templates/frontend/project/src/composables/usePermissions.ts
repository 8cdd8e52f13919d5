import { useSessionStore } from "../stores/session.store";

/**
 * Tells what may be done here, so that nobody is offered what the API would refuse.
 *
 * Whoever holds `orders:*` may do everything with orders, and whoever holds `*` everything.
 */
export function usePermissions() {
  const session = useSessionStore();
  return {
    can(permission: string): boolean {
      const held = session.permissions;
      const module = permission.split(":")[0];
      return (
        !held ||
        ["*", `${module}:*`, permission].some((each) => held.includes(each))
      );
    },
  };
}
