import { useEffect, useState } from "react";

const TICK_MS = 10_000;

/** Unix seconds, renewed often enough for "minutes ago". */
export function useNow(): number {
  const [now, setNow] = useState(nowSeconds);
  useEffect(() => {
    const timer = setInterval(() => setNow(nowSeconds()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
