import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { TextField } from "../components/field";
import { Page } from "../components/page";
import { useSession } from "../session/use-session";

export function ProvidersPage() {
  const session = useSession();
  const [, navigate] = useLocation();
  const [address, setAddress] = useState("");
  const [error, setError] = useState<string>();
  const open = (event: FormEvent) => {
    event.preventDefault();
    const wanted = address.trim();
    if (/^0x[0-9a-fA-F]{40}$/.test(wanted)) navigate(`/providers/${wanted}`);
    else setError("An address is 0x and 40 hex digits.");
  };
  return (
    <Page
      title="Providers"
      lead="Earnings and stake are the chain's own facts; anyone may look them up."
    >
      <div className="cards">
        <form className="card" onSubmit={open} noValidate>
          <TextField
            label="A provider's address"
            placeholder="0x…"
            value={address}
            error={error}
            onChange={(value) => {
              setAddress(value);
              setError(undefined);
            }}
          />
          <p className="button-row">
            <button type="submit" className="button button-primary">
              Look up
            </button>
            {session !== null && (
              <Link href={`/providers/${session.account}`} className="button">
                Look at my own
              </Link>
            )}
          </p>
        </form>
        <section className="card" aria-labelledby="earn-heading">
          <h2 id="earn-heading">Earn with an idle device</h2>
          <p>
            A provider is a small daemon on the device. It takes work only when you allow it, runs
            it in a sandbox, and stops at once when you ask.
          </p>
          <ol className="commands">
            <li>
              <code>fallow provider enroll --wallet-key wallet.key --market {location.origin}</code>
            </li>
            <li>
              <code>fallow provider start --market {location.origin}</code>
            </li>
          </ol>
        </section>
      </div>
    </Page>
  );
}
