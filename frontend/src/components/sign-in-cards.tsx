import { useMutation } from "@tanstack/react-query";
import { signIn } from "../actions/sign-in";
import type { MarketInfo } from "../api/types";
import type { WalletKind } from "../wallet/wallet";
import { ErrorNotice } from "./notice";

export function SignInCards({ market }: { market: MarketInfo }) {
  const entry = useMutation({ mutationFn: (kind: WalletKind) => signIn(market, kind) });
  return (
    <>
      {entry.isError && <ErrorNotice error={entry.error} />}
      <div className="cards">
        <section className="card" aria-labelledby="browser-heading">
          <h2 id="browser-heading">Wallet in this browser</h2>
          <p>
            A key is made here and kept in this browser, so you can start at once. It is not
            encrypted: anyone who can use this browser can use it, and clearing the browser's data
            destroys it. Keep small amounts on it, and export it.
          </p>
          <button
            type="button"
            className="button button-primary"
            disabled={entry.isPending}
            onClick={() => entry.mutate("browser")}
          >
            Use a browser wallet
          </button>
        </section>
        <section className="card" aria-labelledby="extension-heading">
          <h2 id="extension-heading">Wallet extension</h2>
          <p>
            Your own wallet signs, and shows you each message first. This page never sees its key.
          </p>
          <button
            type="button"
            className="button"
            disabled={entry.isPending}
            onClick={() => entry.mutate("injected")}
          >
            Use a wallet extension
          </button>
        </section>
      </div>
    </>
  );
}
