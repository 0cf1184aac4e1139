import { type ReactNode, useEffect, useRef } from "react";

let isFirstPage = true;

/** A page: its title in the tab, and its heading in focus after a move from another page. */
export function Page(props: {
  title: string;
  lead?: ReactNode;
  end?: ReactNode;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Fallow`;
  }, [props.title]);
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus();
    isFirstPage = false;
  }, []);
  return (
    <>
      <div className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1} className="page-title">
            {props.title}
          </h1>
          {props.lead !== undefined && <div className="page-lead">{props.lead}</div>}
        </div>
        {props.end !== undefined && <div className="page-end">{props.end}</div>}
      </div>
      {props.children}
    </>
  );
}
