import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deposit } from "../actions/deposit";
import { getDevelopmentCredits } from "../actions/get-development-credits";
import type { AccountView, MarketInfo } from "../api/types";
import { exactCredits, parseCredits } from "../protocol/credits";
import { useAccount } from "../session/queries";
import type { SignedIn } from "../session/store";
import { Credits } from "./credits";
import { TextField } from "./field";
import { ErrorNotice } from "./notice";

export function BalanceCard({ market, session }: { market: MarketInfo; session: SignedIn }) {
  const account = useAccount(session.account);
  return (
    <section className="card" aria-labelledby="balance-heading">
      <h2 id="balance-heading">Credits</h2>
      {account.isError && <ErrorNotice error={account.error} onRetry={() => account.refetch()} />}
      {account.data !== undefined && (
        <>
          <dl className="facts">
            <div className="fact">
              <dt>In your wallet</dt>
              <dd>
                <Credits wei={account.data.wallet_credits_wei} />
              </dd>
            </div>
            <div className="fact fact-total">
              <dt>Balance at the market, ready to spend</dt>
              <dd>
                <Credits wei={account.data.balance_wei} />
              </dd>
            </div>
          </dl>
          {market.is_development && <DevelopmentCredits address={session.account} />}
          <DepositForm market={market} session={session} account={account.data} />
        </>
      )}
    </section>
  );
}

function DevelopmentCredits({ address }: { address: string }) {
  const queries = useQueryClient();
  const faucet = useMutation({
    mutationFn: () => getDevelopmentCredits(address),
    onSettled: () => queries.invalidateQueries({ queryKey: ["account", address] }),
  });
  return (
    <div className="block">
      <p className="faint">This is a development market: its credits are worth nothing.</p>
      <button
        type="button"
        className="button"
        disabled={faucet.isPending}
        onClick={() => faucet.mutate()}
      >
        {faucet.isPending ? "Minting…" : "Get development credits"}
      </button>
      {faucet.isError && <ErrorNotice error={faucet.error} />}
    </div>
  );
}

function DepositForm(props: { market: MarketInfo; session: SignedIn; account: AccountView }) {
  const { market, session, account } = props;
  const queries = useQueryClient();
  const [typed, setTyped] = useState<string | null>(null);
  const held = BigInt(account.wallet_credits_wei);
  const text = typed ?? exactCredits(held);
  const amount = parseCredits(text);
  const transfer = useMutation({
    mutationFn: (wei: bigint) => deposit(market, session, wei),
    onSuccess: () => setTyped(null),
    onSettled: () => queries.invalidateQueries({ queryKey: ["account", session.account] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (amount !== null) transfer.mutate(amount);
  };
  return (
    <form className="block" onSubmit={submit} noValidate>
      <TextField
        label="Deposit"
        isNumber
        unit="credits"
        hint="You sign a permit for exactly this amount; the market pays the gas."
        value={text}
        error={typed === null ? undefined : amountProblem(amount, held)}
        onChange={setTyped}
      />
      <button
        type="submit"
        className="button button-primary"
        disabled={transfer.isPending || amountProblem(amount, held) !== undefined}
      >
        {transfer.isPending ? "Depositing…" : "Sign and deposit"}
      </button>
      {transfer.isError && <ErrorNotice error={transfer.error} />}
    </form>
  );
}

function amountProblem(amount: bigint | null, held: bigint): string | undefined {
  if (amount === null) return "An amount of credits, such as 12.5.";
  if (amount === 0n) return "More than zero.";
  return amount > held ? "Your wallet holds less than that." : undefined;
}
