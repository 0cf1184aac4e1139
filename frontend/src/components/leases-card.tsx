import { useInfiniteQuery } from "@tanstack/react-query";
import { getLeases } from "../api/market";
import type { LeaseSummary } from "../api/types";
import { shortHex } from "../protocol/event-text";
import { faultText } from "../protocol/fault";
import { Credits } from "./credits";
import { ErrorNotice } from "./notice";
import { OlderButton } from "./older-button";
import { StatusBadge } from "./status-badge";
import { Table } from "./table";
import { Time } from "./time";

const REFRESH_MS = 5_000;

export function LeasesCard({ address }: { address: string }) {
  const leases = useInfiniteQuery({
    queryKey: ["leases", address],
    queryFn: ({ pageParam, signal }) => getLeases(address, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: REFRESH_MS,
  });
  const all = leases.data?.pages.flatMap((page) => page.leases) ?? [];
  return (
    <section className="card" aria-labelledby="recent-heading">
      <h2 id="recent-heading">Recent leases</h2>
      {leases.isPending && <p className="loading">Loading the leases…</p>}
      {leases.isError && <ErrorNotice error={leases.error} onRetry={() => leases.refetch()} />}
      {leases.isSuccess && <LeaseTable leases={all} />}
      <OlderButton of="leases" pages={leases} />
    </section>
  );
}

function LeaseTable({ leases }: { leases: readonly LeaseSummary[] }) {
  if (leases.length === 0) return <p className="faint">No leases yet.</p>;
  return (
    <Table label="Recent leases" columns={["Lease", "Status", "Tasks", "Pay", "Granted"]}>
      {leases.map((lease) => (
        <tr key={lease.lease_id}>
          <th scope="row">
            <code title={lease.lease_id}>{shortHex(lease.lease_id)}</code>
          </th>
          <td>
            <StatusBadge status={lease.status} />
            {lease.fault !== null && (
              <span className="faint"> {faultText(lease.fault, lease.fault_code)}</span>
            )}
          </td>
          <td>{tasksOf(lease)}</td>
          <td>
            <Credits wei={lease.amount_wei} />
          </td>
          <td>
            <Time at={lease.granted_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function tasksOf({ first_task: first, count }: LeaseSummary): string {
  return count === 1 ? `${first}` : `${first} to ${first + count - 1}`;
}
