import { useEffect, useRef, useState } from "react";

/** `value`, but changing at most once in `milliseconds`: for what a screen reader announces. */
export function useThrottled<T>(value: T, milliseconds: number): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  useEffect(() => {
    const timer = setInterval(() => setShown(latest.current), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return shown;
}
