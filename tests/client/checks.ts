/** Carry every check out, and say of each whether it held; the exit code is 1 where one did not. */
export async function run(checks: Record<string, () => Promise<void>>): Promise<void> {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`failed ${name}: ${(error as Error).stack}`);
    }
  }
  process.exitCode = failed ? 1 : 0;
}
