import { Link, useLocation } from "wouter";
import { shortHex } from "../protocol/event-text";
import { useSession } from "../session/use-session";
import { Mark } from "./mark";
import { ThemeToggle } from "./theme-toggle";

const SECTIONS = [
  { href: "/jobs", name: "Jobs" },
  { href: "/post", name: "Post a job" },
  { href: "/providers", name: "Providers" },
] as const;

export function Header() {
  const session = useSession();
  return (
    <header className="header">
      <div className="header-row">
        <Link href="/jobs" className="brand">
          <Mark />
          Fallow
        </Link>
        <nav aria-label="Main" className="nav">
          {SECTIONS.map(({ href, name }) => (
            <Section key={href} href={href} name={name} />
          ))}
        </nav>
        <div className="header-end">
          <ThemeToggle />
          <Link href="/wallet" className="button button-quiet wallet-link">
            {session === null ? "Sign in" : shortHex(session.account)}
          </Link>
        </div>
      </div>
    </header>
  );
}

function Section({ href, name }: { href: string; name: string }) {
  const [location] = useLocation();
  const isHere = location === href || location.startsWith(`${href}/`);
  return (
    <Link href={href} className="nav-link" aria-current={isHere ? "page" : undefined}>
      {name}
    </Link>
  );
}
