import type { MarketInfo } from "../api/types";
import { BalanceCard } from "../components/balance-card";
import { BrowserKeyCard } from "../components/browser-key-card";
import { Hex } from "../components/hex";
import { ErrorNotice } from "../components/notice";
import { Page } from "../components/page";
import { SignInCards } from "../components/sign-in-cards";
import { useMarket } from "../session/queries";
import { endSession, type SignedIn } from "../session/store";
import { useSession } from "../session/use-session";

export function WalletPage() {
  const market = useMarket();
  const session = useSession();
  return (
    <Page
      title="Wallet"
      lead={
        session === null ? (
          "Signing in costs nothing and moves nothing."
        ) : (
          <Hex value={session.account} name="your address" />
        )
      }
      end={
        session !== null && (
          <button type="button" className="button" onClick={endSession}>
            Sign out
          </button>
        )
      }
    >
      {market.isPending && <p className="loading">Loading…</p>}
      {market.isError && <ErrorNotice error={market.error} onRetry={() => market.refetch()} />}
      {market.data !== undefined && <Wallet market={market.data} session={session} />}
    </Page>
  );
}

function Wallet({ market, session }: { market: MarketInfo; session: SignedIn | null }) {
  if (session === null) return <SignInCards market={market} />;
  return (
    <div className="cards">
      <BalanceCard market={market} session={session} />
      {session.kind === "browser" && <BrowserKeyCard market={market} />}
    </div>
  );
}
