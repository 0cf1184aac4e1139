/** What the pages ask the market for, with the keys under which the answers are kept. */
import { useQuery } from "@tanstack/react-query";
import { getAccount, getMarket } from "../api/market";

const ACCOUNT_REFRESH_MS = 5_000;

export function useMarket() {
  return useQuery({
    queryKey: ["market"],
    queryFn: ({ signal }) => getMarket(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useAccount(address: string | null) {
  return useQuery({
    queryKey: ["account", address],
    queryFn: ({ signal }) => getAccount(address ?? "", signal),
    enabled: address !== null,
    refetchInterval: ACCOUNT_REFRESH_MS,
  });
}
