/** Fails at once, in words, when there is no market to drive. */
export default async function requireMarket(): Promise<void> {
  const address = process.env.FALLOW_E2E_URL;
  if (!address) {
    throw new Error("FALLOW_E2E_URL must name a running market; `make e2e` starts one");
  }
  const response = await fetch(new URL("/v1/market", address), {
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
}
