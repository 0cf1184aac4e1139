import type { ReactNode } from "react";
import { Link } from "wouter";
import type { AccountView, Quote } from "../api/types";
import type { Cap } from "../protocol/price";
import { Credits } from "./credits";
import { Notice } from "./notice";

/** The price, before anything is signed. */
export function QuoteCard(props: {
  taskCount: number;
  quote: Quote;
  cap: Cap;
  account: AccountView | undefined;
}) {
  const { taskCount, quote, cap, account } = props;
  const missing = account === undefined ? 0n : cap.totalWei - BigInt(account.balance_wei);
  return (
    <>
      <dl className="facts">
        <Fact name="Price per task now">
          <Credits wei={quote.price_per_task_wei} />
        </Fact>
        <Fact name={`Tasks: ${taskCount.toLocaleString("en")} at most`}>
          <Credits wei={cap.tasksWei} />
        </Fact>
        <Fact name="Audits, at most">
          <Credits wei={cap.auditBudgetWei} />
        </Fact>
        <Fact name="Relayer fee">
          <Credits wei={cap.relayerFeeWei} />
        </Fact>
        <Fact name="Can never cost more than" isTotal>
          <Credits wei={cap.totalWei} />
        </Fact>
      </dl>
      <p className="faint">
        At most <Credits wei={cap.maxPricePerTaskWei} /> a task. What is not used comes back.{" "}
        {quote.fitting_offers === 1 ? "1 offer fits" : `${quote.fitting_offers} offers fit`} now.
      </p>
      {typeof quote.reason === "string" && (
        <Notice tone="warning">
          <p>{sentence(quote.reason)}</p>
          {cap.maxPricePerTaskWei === 0n && (
            <p>To post all the same, set the highest price per task yourself.</p>
          )}
        </Notice>
      )}
      {account !== undefined && (
        <p>
          Your balance: <Credits wei={account.balance_wei} />
        </p>
      )}
      {missing > 0n && (
        <Notice tone="warning">
          <p>
            Your balance is short of <Credits wei={missing} />.{" "}
            <Link href="/wallet">Deposit credits</Link> first; this draft is kept.
          </p>
        </Notice>
      )}
    </>
  );
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function Fact(props: { name: string; isTotal?: boolean; children: ReactNode }) {
  return (
    <div className={props.isTotal ? "fact fact-total" : "fact"}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
