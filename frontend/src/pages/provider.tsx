import type { AccountView, LeaseStatus } from "../api/types";
import { Credits } from "../components/credits";
import { Hex } from "../components/hex";
import { LeasesCard } from "../components/leases-card";
import { LostLeases } from "../components/lost-leases";
import { ErrorNotice } from "../components/notice";
import { Page } from "../components/page";
import { StatusBadge } from "../components/status-badge";
import { useAccount } from "../session/queries";
import { useSession } from "../session/use-session";

const LEASE_STATUSES: readonly LeaseStatus[] = [
  "GRANTED",
  "COMMITTED",
  "SETTLED",
  "EXPIRED",
  "DISPUTED",
  "SLASHED",
];

export function ProviderPage({ address }: { address: string }) {
  const session = useSession();
  const account = useAccount(address);
  const isOwn = session?.account.toLowerCase() === address.toLowerCase();
  return (
    <Page title="Provider" lead={<Hex value={address} name="the provider's address" />}>
      {account.isPending && <p className="loading">Loading the account…</p>}
      {account.isError && <ErrorNotice error={account.error} onRetry={() => account.refetch()} />}
      {account.data !== undefined && <Money account={account.data} />}
      {account.data !== undefined && <Leases account={account.data} />}
      {isOwn ? (
        <LeasesCard address={address} />
      ) : (
        <p className="faint">Only the provider itself, signed in, sees its leases one by one.</p>
      )}
    </Page>
  );
}

function Money({ account }: { account: AccountView }) {
  return (
    <dl className="tiles">
      <Tile name="Earned" wei={account.earned_wei} text="settled pay, all time" />
      <Tile name="Stake" wei={account.stake_wei} text="lost by a wrong result" />
      <Tile name="Unvested" wei={account.unvested_wei} text="pay that audits may still void" />
      <Tile name="Balance" wei={account.balance_wei} text="free at the market" />
      <Tile name="Unstaking" wei={account.unstaking_wei} text="on its way back" />
      <Tile name="Slashed" wei={account.slashed_wei} text="lost in disputes, all time" />
    </dl>
  );
}

function Tile({ name, wei, text }: { name: string; wei: string; text: string }) {
  return (
    <div className="tile">
      <dt className="tile-name">{name}</dt>
      <dd className="tile-value">
        <Credits wei={wei} />
      </dd>
      <dd className="faint">{text}</dd>
    </div>
  );
}

function Leases({ account }: { account: AccountView }) {
  const counts: Partial<Record<string, number>> = account.leases_by_status;
  return (
    <section className="card" aria-labelledby="leases-heading">
      <h2 id="leases-heading">Leases by status</h2>
      <ul className="status-counts">
        {LEASE_STATUSES.map((status) => (
          <li key={status}>
            <StatusBadge status={status} /> <strong>{counts[status] ?? 0}</strong>
          </li>
        ))}
      </ul>
      <LostLeases lost={account.lost_leases} />
      {account.seats > 0 && <p className="faint">Also a verifier, with {account.seats} seats.</p>}
    </section>
  );
}
