import type { JobView } from "../api/types";
import { Credits } from "./credits";

export function CostsCard({ job }: { job: JobView }) {
  const paid = BigInt(job.paid_wei);
  const audits = BigInt(job.audit_fees_wei);
  const refunded = BigInt(job.refunded_wei);
  const left = BigInt(job.escrow_wei) - paid - audits - refunded;
  return (
    <section className="card" aria-labelledby="costs-heading">
      <h2 id="costs-heading">Costs</h2>
      <dl className="facts">
        <Fact name="Escrow, the most it can cost" wei={BigInt(job.escrow_wei)} />
        <Fact name="Paid to providers" wei={paid} />
        <Fact name="Paid for audits" wei={audits} />
        <Fact name="Back to you" wei={refunded} />
        <Fact name="Still in escrow" wei={left > 0n ? left : 0n} isTotal />
      </dl>
      <p className="faint">
        At most <Credits wei={job.max_price_per_task_wei} /> a task. What is not used comes back.
      </p>
    </section>
  );
}

function Fact({ name, wei, isTotal }: { name: string; wei: bigint; isTotal?: boolean }) {
  return (
    <div className={isTotal ? "fact fact-total" : "fact"}>
      <dt>{name}</dt>
      <dd>
        <Credits wei={wei} />
      </dd>
    </div>
  );
}
