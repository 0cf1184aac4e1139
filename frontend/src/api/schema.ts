// Made by `npm run types` from the market's OpenAPI document. Do not edit.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is Alive
         * @description The process answers.
         */
        get: operations["is_alive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is Ready
         * @description Whether the database and the chain answer.
         */
        get: operations["is_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{address}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Account
         * @description What the chain knows of an account.
         */
        get: operations["get_account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{address}/leases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Leases
         * @description One's own leases, newest first.
         */
        get: operations["list_leases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request Audit
         * @description The spec and input of a drawn task, for its drawn verifier or a committee member.
         */
        post: operations["request_audit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audits/commitments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Commit Audit
         * @description Bind oneself to a digest; the answer opens the provider's.
         */
        post: operations["commit_audit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audits/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reveal Audit
         * @description Reveal the digest; an agreeing one is paid on chain.
         */
        post: operations["reveal_audit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/blobs/{blob_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Blob
         * @description A blob's bytes, for those entitled to it; `Range` and `If-Range` work.
         */
        get: operations["get_blob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Delegation
         * @description Relay a wallet's signed delegation to a device key.
         */
        post: operations["create_delegation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deposits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Deposit
         * @description Relay an EIP-2612 permit: the owner's credits move into the owner's own balance.
         */
        post: operations["create_deposit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/development/faucet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Use Faucet
         * @description Mint development credits, and some gas, for an address. 404 on a real market.
         */
        post: operations["use_faucet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/disputes/{dispute_id}/commitments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Commit Dispute
         * @description In a job with a comparator: bind oneself as a committee's member, then see the output.
         */
        post: operations["commit_dispute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/disputes/{dispute_id}/opening": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open Dispute Claim
         * @description The provider's digest of the disputed task, once its committee can no longer copy it.
         */
        post: operations["open_dispute_claim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch Market
         * @description What happens on this market: kinds, ids, counts, addresses and amounts only.
         */
        get: operations["watch_market"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description One's own jobs, newest first.
         */
        get: operations["list_jobs"];
        put?: never;
        /**
         * Create Job
         * @description Post a signed job. Posting the same one again gives the same answer.
         */
        post: operations["create_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job
         * @description One job.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Job
         * @description Relay the requester's signed Cancellation: no further task is leased.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch Job
         * @description What happens to one job of one's own, from its beginning.
         */
        get: operations["watch_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Receipt
         * @description What was paid to whom, with the transactions that show it.
         */
        get: operations["get_receipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Results
         * @description A zip of all committed outputs: `task-000000.bin`, or `task-000000.failed` with a code.
         */
        get: operations["get_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tasks
         * @description The job's tasks from `first_task` on, at most 1,000.
         */
        get: operations["list_tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/tasks/{task}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Task Result
         * @description The output of one task, once it is committed. `Result-Hash` is its digest on chain.
         */
        get: operations["get_task_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/leases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Lease
         * @description Ask for work for this device's offer; waits for it up to `wait_seconds`. 204: none yet.
         */
        post: operations["create_lease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/leases/{lease_id}/failure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fail Lease
         * @description Give a lease back: its tasks go to others.
         */
        post: operations["fail_lease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/leases/{lease_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Heartbeat
         * @description Keep a lease alive.
         */
        post: operations["heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/leases/{lease_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit Result
         * @description Hand in a signed lease result. A 200 means it is kept and will be committed.
         */
        post: operations["submit_result"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/market": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Market
         * @description Where this market lives and by which parameters it plays.
         */
        get: operations["get_market"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Put Offer
         * @description Put up a device's signed offer in place of its last one.
         */
        put: operations["put_offer"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offers/{offer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Offer
         * @description Take an offer of one's own down.
         */
        delete: operations["delete_offer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quotes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Quote
         * @description What a job of this spec would cost now.
         */
        post: operations["create_quote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Session
         * @description Sign in with an EIP-712 Login. The token is shown once; the market keeps its hash.
         */
        post: operations["create_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Upload
         * @description Announce a blob: 201 if bytes are still missing, 200 if all are here.
         */
        post: operations["create_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{blob_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Upload
         * @description How far an upload of one's own has come.
         */
        get: operations["get_upload"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * Head Upload
         * @description The same in headers: `Upload-Offset` and `Upload-Length`.
         */
        head: operations["head_upload"];
        /**
         * Append Upload
         * @description Append bytes from `Upload-Offset` on. What arrived is kept, even if the rest does not.
         */
        patch: operations["append_upload"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AccountView
         * @description GET /v1/accounts/{address}: the chain's facts of an account.
         *
         *     What the account signs counts only if the first byte of its nonce is `epoch`.
         */
        AccountView: {
            /** Address */
            address: string;
            /** Balance Wei */
            balance_wei: string;
            /** Earned Wei */
            earned_wei: string;
            /** Epoch */
            epoch: number;
            /** Leases By Status */
            leases_by_status: {
                [key: string]: number;
            };
            /** Lost Leases */
            lost_leases: {
                [key: string]: number;
            };
            /** Permit Nonce */
            permit_nonce: number;
            /** Seats */
            seats: number;
            /** Slashed Wei */
            slashed_wei: string;
            /** Stake Wei */
            stake_wei: string;
            /** Unstaking Wei */
            unstaking_wei: string;
            /** Unvested Wei */
            unvested_wei: string;
            /** Wallet Credits Wei */
            wallet_credits_wei: string;
        };
        /**
         * AuditCommitmentRequest
         * @description POST /v1/audits/commitments, POST /v1/disputes/{dispute_id}/commitments
         *
         *     The commitment is an AuditCommitment in an exact job, a ToleranceCommitment in one with a
         *     comparator: the same fields, signed under another name.
         */
        AuditCommitmentRequest: {
            /** Commitment */
            commitment: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * AuditGrant
         * @description POST /v1/audits: what a drawn verifier needs to re-run one task, and no result of it.
         */
        AuditGrant: {
            /** Spec */
            spec: {
                [key: string]: unknown;
            };
            /** Task Input */
            task_input: string;
        };
        /**
         * AuditOutcome
         * @description Whether the verifier's digest is the provider's.
         */
        AuditOutcome: {
            /** Agrees */
            agrees: boolean;
        };
        /**
         * AuditPayment
         * @description An audit whose fee its verifier has got.
         */
        AuditPayment: {
            /** Fee Wei */
            fee_wei: string;
            /** Lease Id */
            lease_id: string;
            /** Task */
            task: number;
            /** Transaction */
            transaction: string;
            /** Verifier */
            verifier: string;
        };
        /**
         * AuditRequest
         * @description Names one drawn task, for an audit or as a member of a dispute's committee.
         */
        AuditRequest: {
            /** Batch Id */
            batch_id: string;
            /** Dispute Id */
            dispute_id?: number | null;
            /** Lease Id */
            lease_id: string;
            /** Task */
            task: number;
        };
        /**
         * AuditResultRequest
         * @description POST /v1/audits/results
         */
        AuditResultRequest: {
            /** Result */
            result: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * CancelRequest
         * @description POST /v1/jobs/{job_id}/cancel: the requester's signature of a Cancellation.
         */
        CancelRequest: {
            /** Signature */
            signature: string;
        };
        /**
         * DelegationRequest
         * @description POST /v1/delegations
         */
        DelegationRequest: {
            /** Delegation */
            delegation: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * Event
         * @description One server-sent event of GET /v1/events and GET /v1/jobs/{job_id}/events.
         */
        Event: {
            /** At */
            at: number;
            /** Data */
            data: {
                [key: string]: unknown;
            };
            /** Event Id */
            event_id: number;
            /** Job Id */
            job_id: string | null;
            /** Kind */
            kind: string;
        };
        /**
         * FaucetRequest
         * @description POST /v1/development/faucet
         */
        FaucetRequest: {
            /** Address */
            address: string;
        };
        /**
         * Fault
         * @description Why a lease ended without a result that counts.
         * @enum {string}
         */
        Fault: "offline" | "error" | "wrong";
        /**
         * Heartbeat
         * @description POST /v1/leases/{lease_id}/heartbeat
         */
        Heartbeat: {
            /** Tasks Done */
            tasks_done: number;
        };
        /**
         * HeartbeatReply
         * @description Until when the lease now lasts.
         */
        HeartbeatReply: {
            /** Expires At */
            expires_at: number;
        };
        /**
         * JobPage
         * @description GET /v1/jobs
         */
        JobPage: {
            /** Jobs */
            jobs: components["schemas"]["JobView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * JobRequest
         * @description POST /v1/jobs
         */
        JobRequest: {
            /** Job */
            job: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
            /** Spec */
            spec: {
                [key: string]: unknown;
            };
        };
        /**
         * JobStatus
         * @description Where a job stands.
         * @enum {string}
         */
        JobStatus: "OPEN" | "RUNNING" | "SETTLED" | "CANCELLED" | "EXPIRED";
        /**
         * JobView
         * @description GET /v1/jobs/{job_id}
         */
        JobView: {
            /** Audit Budget Wei */
            audit_budget_wei: string;
            /** Audit Fees Wei */
            audit_fees_wei: string;
            /** Created At */
            created_at: number;
            /** Deadline */
            deadline: number;
            /** Escrow Wei */
            escrow_wei: string;
            /** Finished At */
            finished_at: number | null;
            /** Is On Chain */
            is_on_chain: boolean;
            /** Job Id */
            job_id: string;
            /** Label */
            label: string;
            /** Lost Leases */
            lost_leases: {
                [key: string]: number;
            };
            /** Max Price Per Task Wei */
            max_price_per_task_wei: string;
            /** Paid Wei */
            paid_wei: string;
            /** Refunded Wei */
            refunded_wei: string;
            /** Requester */
            requester: string;
            /** Spec */
            spec: {
                [key: string]: unknown;
            };
            status: components["schemas"]["JobStatus"];
            /** Stopped Because */
            stopped_because: string | null;
            /** Task Count */
            task_count: number;
            /** Tasks By State */
            tasks_by_state: {
                [key: string]: number;
            };
            /** Waiting Because */
            waiting_because: string | null;
        };
        /**
         * LeaseFailure
         * @description POST /v1/leases/{lease_id}/failure: the device gives the lease back.
         */
        LeaseFailure: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
        };
        /**
         * LeaseGrant
         * @description POST /v1/leases: work. `task_inputs[i]` is the input of task `lease.firstTask + i`.
         */
        LeaseGrant: {
            /** Expires At */
            expires_at: number;
            /** Heartbeat Seconds */
            heartbeat_seconds: number;
            /** Lease */
            lease: {
                [key: string]: unknown;
            };
            /** Lease Id */
            lease_id: string;
            /** Spec */
            spec: {
                [key: string]: unknown;
            };
            /** Task Inputs */
            task_inputs: string[];
        };
        /**
         * LeasePage
         * @description GET /v1/accounts/{address}/leases, newest first.
         */
        LeasePage: {
            /** Leases */
            leases: components["schemas"]["LeaseSummary"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * LeaseResultRequest
         * @description POST /v1/leases/{lease_id}/result; the outputs were uploaded before.
         */
        LeaseResultRequest: {
            /** Lease Salt */
            lease_salt: string;
            /** Result */
            result: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
            /** Tasks */
            tasks: components["schemas"]["TaskResult"][];
        };
        /**
         * LeaseStatus
         * @description Where a lease stands.
         * @enum {string}
         */
        LeaseStatus: "GRANTED" | "COMMITTED" | "DISPUTED" | "SETTLED" | "EXPIRED" | "SLASHED";
        /**
         * LeaseSummary
         * @description One lease of GET /v1/accounts/{address}/leases
         */
        LeaseSummary: {
            /** Amount Wei */
            amount_wei: string;
            /** Count */
            count: number;
            fault: components["schemas"]["Fault"] | null;
            /** Fault Code */
            fault_code: string | null;
            /** First Task */
            first_task: number;
            /** Granted At */
            granted_at: number;
            /** Job Id */
            job_id: string;
            /** Lease Id */
            lease_id: string;
            status: components["schemas"]["LeaseStatus"];
        };
        /**
         * MarketInfo
         * @description GET /v1/market
         */
        MarketInfo: {
            /** Arbiter */
            arbiter: string;
            /** Beacon */
            beacon: string;
            /** Chain Id */
            chain_id: number;
            /** Deployed Block */
            deployed_block: number;
            /** Heartbeat Seconds */
            heartbeat_seconds: number;
            /** Is Development */
            is_development: boolean;
            /** Market */
            market: string;
            /** Operator */
            operator: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Relayer Fee Wei */
            relayer_fee_wei: string;
            /** Rpc Url */
            rpc_url: string;
            /** Token */
            token: string;
        };
        /**
         * OfferRequest
         * @description PUT /v1/offers
         */
        OfferRequest: {
            /** Offer */
            offer: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * OfferView
         * @description A standing offer.
         */
        OfferView: {
            /** Expires At */
            expires_at: number;
            /** Offer Id */
            offer_id: string;
            /** Provider */
            provider: string;
        };
        /**
         * OpeningView
         * @description The provider's digest of one task, with its path to the resultRoot.
         *
         *     `output` is the provider's output, for whoever may fetch it now to compare its own with it.
         */
        OpeningView: {
            /** Digest */
            digest: string;
            /** Output */
            output?: string | null;
            /** Proof */
            proof: string[];
            /** Salt */
            salt: string;
        };
        /**
         * Payment
         * @description A settled lease.
         */
        Payment: {
            /** Amount Wei */
            amount_wei: string;
            /** Batch Id */
            batch_id: string;
            /** Count */
            count: number;
            /** First Task */
            first_task: number;
            /** Lease Id */
            lease_id: string;
            /** Provider */
            provider: string;
            /** Result Root */
            result_root: string;
            /** Transaction */
            transaction: string;
        };
        /**
         * PermitDeposit
         * @description POST /v1/deposits: an EIP-2612 permit for Market, relayed by the operator.
         */
        PermitDeposit: {
            /** Amount Wei */
            amount_wei: string;
            /** Deadline */
            deadline: number;
            /** Owner */
            owner: string;
            /** Signature */
            signature: string;
        };
        /**
         * Problem
         * @description RFC 9457 problem details; `code` and `retryable` come from the error tree.
         */
        Problem: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /** Request Id */
            request_id: string;
            /** Retryable */
            retryable: boolean;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /** Type */
            type: string;
        };
        /**
         * Quote
         * @description What a job would cost now: from the cheapest fitting offers to the dearest.
         */
        Quote: {
            /** Fitting Offers */
            fitting_offers: number;
            /** Price Per Task Wei */
            price_per_task_wei: string;
            /** Reason */
            reason?: string | null;
            /** Relayer Fee Wei */
            relayer_fee_wei: string;
            /** Suggested Audit Budget Wei */
            suggested_audit_budget_wei: string;
            /** Suggested Max Price Per Task Wei */
            suggested_max_price_per_task_wei: string;
            /** Total Wei */
            total_wei: string;
        };
        /**
         * QuoteRequest
         * @description POST /v1/quotes
         */
        QuoteRequest: {
            /** Spec */
            spec: {
                [key: string]: unknown;
            };
            /** Task Count */
            task_count: number;
        };
        /**
         * Receipt
         * @description GET /v1/jobs/{job_id}/receipt: what was paid to whom, checkable on chain.
         */
        Receipt: {
            /** Audits */
            audits: components["schemas"]["AuditPayment"][];
            /** Escrow Wei */
            escrow_wei: string;
            /** Job Id */
            job_id: string;
            /** Payments */
            payments: components["schemas"]["Payment"][];
            /** Refunded Wei */
            refunded_wei: string;
            /** Slashes */
            slashes: components["schemas"]["Slash"][];
            status: components["schemas"]["JobStatus"];
        };
        /**
         * Relayed
         * @description 202: the operator will send it; poll the account or the job.
         */
        Relayed: {
            /** Key */
            key: string;
        };
        /**
         * Session
         * @description The token goes into `Authorization: Bearer`; it is shown once.
         */
        Session: {
            /** Account */
            account: string;
            /** Expires At */
            expires_at: number;
            /** Token */
            token: string;
            /** Wallet */
            wallet: string;
        };
        /**
         * SessionRequest
         * @description POST /v1/sessions
         */
        SessionRequest: {
            /** Login */
            login: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * Slash
         * @description A lost dispute.
         */
        Slash: {
            /** Amount Wei */
            amount_wei: string;
            /** Challenger */
            challenger: string;
            /** Dispute Id */
            dispute_id: number;
            /** Lease Id */
            lease_id: string;
            /** Provider */
            provider: string;
            /** Task */
            task: number;
            /** Transaction */
            transaction: string;
        };
        /**
         * TaskPage
         * @description All tasks from `first_task` on, at most 1,000.
         */
        TaskPage: {
            /** Next Task */
            next_task: number | null;
            /** Tasks */
            tasks: components["schemas"]["TaskView"][];
        };
        /**
         * TaskResult
         * @description One task's outcome: the blob of its output, or its deterministic failure's code.
         */
        TaskResult: {
            /** Failure */
            failure?: string | null;
            /** Output */
            output?: string | null;
            /** Task */
            task: number;
        };
        /**
         * TaskView
         * @description One task of GET /v1/jobs/{job_id}/tasks
         *
         *     `fault` and its code are those of the last lease that lost it. `failure` is the program's own.
         */
        TaskView: {
            /** Attempts */
            attempts: number;
            /** Failure */
            failure: string | null;
            fault: components["schemas"]["Fault"] | null;
            /** Fault Code */
            fault_code: string | null;
            /** Lease Id */
            lease_id: string | null;
            /** Provider */
            provider: string | null;
            /** Result Bytes */
            result_bytes: number | null;
            /** Result Hash */
            result_hash: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "leased" | "committed" | "audited" | "disputed" | "paid" | "slashed";
            /** Task */
            task: number;
        };
        /**
         * Upload
         * @description An upload: PATCH its bytes from `offset_bytes` on, until `is_complete`.
         */
        Upload: {
            /** Blob Id */
            blob_id: string;
            /** Is Complete */
            is_complete: boolean;
            /** Offset Bytes */
            offset_bytes: number;
            /** Size Bytes */
            size_bytes: number;
        };
        /**
         * UploadRequest
         * @description POST /v1/uploads
         */
        UploadRequest: {
            /** Blob Id */
            blob_id: string;
            /** Size Bytes */
            size_bytes: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    is_alive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    is_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: boolean;
                    };
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_account: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_leases: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeasePage"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    request_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditGrant"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    commit_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditCommitmentRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpeningView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reveal_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditResultRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditOutcome"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_blob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                blob_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_delegation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DelegationRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relayed"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_deposit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PermitDeposit"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relayed"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    use_faucet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FaucetRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relayed"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    commit_dispute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dispute_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditCommitmentRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpeningView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_dispute_claim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dispute_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpeningView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_market: {
        parameters: {
            query?: {
                /** @description Start after this event id */
                after?: number | null;
            };
            header?: {
                "last-event-id"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_job: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_job: {
        parameters: {
            query?: {
                /** @description Start after this event id */
                after?: number | null;
            };
            header?: {
                "last-event-id"?: number | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_receipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_results: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tasks: {
        parameters: {
            query?: {
                first_task?: number;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_task_result: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                task: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_lease: {
        parameters: {
            query?: {
                wait_seconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseGrant"];
                };
            };
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fail_lease: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeaseFailure"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    heartbeat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatReply"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_result: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeaseResultRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_market: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarketInfo"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_offer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfferRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfferView"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_offer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                offer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_quote: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuoteRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quote"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_upload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UploadRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                blob_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    head_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                blob_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    append_upload: {
        parameters: {
            query?: never;
            header: {
                "upload-offset": number;
            };
            path: {
                blob_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Refused */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
