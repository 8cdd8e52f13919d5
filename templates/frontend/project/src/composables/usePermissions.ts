import { useSessionStore } from "../stores/session.store";

/** Tells what may be done here, so that nobody is offered what the API would refuse. */
export function usePermissions() {
  const session = useSessionStore();
  return {
    can: (permission: string): boolean =>
      session.permissions?.includes(permission) ?? true,
  };
}
