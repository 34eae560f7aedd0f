/**
 * Rows as earlier versions wrote them, for the test that carries a database with data over each migration. A table is
 * listed with the migration that made it; its rows use only columns of that migration.
 */
export const EARLIER_DATA: readonly { since: string; table: string; sql: string }[] = [
  {
    since: "20261122000000_core",
    table: "drain",
    sql: `INSERT INTO drain (queue, rate_wcu_per_second, provisioned_wcu, factor, version, changed_by, reason)
          VALUES ('activities.fifo', 150, 200, 0.7, 3, 'ada', 'sale'), ('other.fifo', 1, NULL, 1, 1, 'system', NULL)`,
  },
  {
    since: "20261122000000_core",
    table: "drain_change",
    sql: `INSERT INTO drain_change (queue, version, from_rate_wcu_per_second, to_rate_wcu_per_second, actor, reason)
          VALUES ('activities.fifo', 2, 100, 400, 'ada', 'sale'), ('activities.fifo', 3, 400, 150, 'ada', NULL)`,
  },
  {
    since: "20261122000000_core",
    table: "worker",
    sql: `INSERT INTO worker (id, queue, host, pid, version, state, started_at, last_seen_at, acked_rate_wcu_per_second, acked_version, acked_at)
          VALUES ('w1', 'activities.fifo', 'host', 12, '0.1.0', 'draining', now(), now(), 150, 3, now()), ('w2', 'activities.fifo', 'host', 13, '0.1.0', 'starting', now(), now(), NULL, NULL, NULL)`,
  },
  {
    since: "20261122000000_core",
    table: "worker_sample",
    sql: `INSERT INTO worker_sample (worker_id, second, queue, received, stored, write_units, oldest_sent_at)
          SELECT 'w1', date_trunc('second', now()) - n * interval '1 second', 'activities.fifo', 10, 9, 9.5, now() FROM generate_series(1, 300) AS n`,
  },
  {
    since: "20261122000000_core",
    table: "ingest_sample",
    sql: `INSERT INTO ingest_sample (process_id, second, queue, accepted, refused, "unknown")
          SELECT 'p1', date_trunc('second', now()) - n * interval '1 second', 'activities.fifo', 500, 1, 0 FROM generate_series(1, 300) AS n`,
  },
  {
    since: "20261122000000_core",
    table: "leader_lease",
    sql: `INSERT INTO leader_lease (queue, duty, holder, until) VALUES ('activities.fifo', 'sweeper', 'w1', now())`,
  },
  {
    since: "20261122000100_dead_letters",
    table: "failing_message",
    sql: `INSERT INTO failing_message (queue, message_id, user_hash, user_id, activity_id, type, attempts, start_marks, first_failed_at, last_failed_at, history, body)
          VALUES ('activities.fifo', 'm1', 'h1', 'Zoë', 'a1', 'page.view', 2, 1, now(), now(), '[{"reason":"store_failed"}]', '{"v":1}'), ('activities.fifo', 'm2', NULL, NULL, NULL, NULL, 0, 2, NULL, NULL, '[]', NULL)`,
  },
  {
    since: "20261122000100_dead_letters",
    table: "death",
    sql: `INSERT INTO death (id, queue, message_id, user_id, activity_id, reason, error, attempts, worker, first_failed_at, last_failed_at, history, body, status, resolved_at)
          SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'activities.fifo', 'd' || n, 'user ' || n % 7, 'a' || n, 'store_failed', 'no', 5, 'w1', now(), now(), '[]', '{"v":1}',
                 CASE WHEN n % 3 = 0 THEN 'stored' ELSE 'open' END, CASE WHEN n % 3 = 0 THEN now() END FROM generate_series(1, 50) AS n`,
  },
  {
    since: "20261122000100_dead_letters",
    table: "redrive_run",
    sql: `INSERT INTO redrive_run (id, queue, actor, reason, selected, state, finished_at)
          VALUES ('00000000-0000-4000-9000-000000000001', 'activities.fifo', 'ada', 'fixed', 2, 'finished', now()), ('00000000-0000-4000-9000-000000000002', 'activities.fifo', 'ada', 'again', 1, 'running', NULL)`,
  },
  {
    since: "20261122000100_dead_letters",
    table: "redrive_item",
    sql: `INSERT INTO redrive_item (run_id, death_id, position, state, message_id, sent_at, resolved_at)
          VALUES ('00000000-0000-4000-9000-000000000001', '00000000-0000-4000-8000-000000000003', 0, 'stored', 'x', now(), now()),
                 ('00000000-0000-4000-9000-000000000001', '00000000-0000-4000-8000-000000000001', 1, 'bounced', 'y', now(), now()),
                 ('00000000-0000-4000-9000-000000000002', '00000000-0000-4000-8000-000000000002', 0, 'sent', 'z', now(), NULL)`,
  },
  {
    since: "20261122000420_api_keys",
    table: "api_key",
    sql: `INSERT INTO api_key (id, queue, name, hash, scopes, created_by, expires_at, revoked_at, revoked_by)
          VALUES ('AAAAAAAAAAAA', 'activities.fifo', 'shop', repeat('0', 64), '{ingest}', 'ada', NULL, NULL, NULL), ('BBBBBBBBBBBB', 'activities.fifo', 'help desk', repeat('1', 64), '{ingest,read}', 'ada', now(), now(), 'ada')`,
  },
  {
    since: "20261122000510_read_budget",
    table: "read_share",
    sql: `INSERT INTO read_share (queue, budget, holder, address, part, expires_at)
          VALUES ('activities.fifo', 'open-api', 'a', 'host:3001', 0.5, now() + interval '1 minute'), ('activities.fifo', 'open-api', 'b', 'other:3001', 0.5, now() - interval '1 minute')`,
  },
  {
    since: "20261122000400_audit",
    table: "audit",
    sql: `INSERT INTO audit (act_id, kind, queue, actor_id, actor_name, actor_role, action, asked, outcome)
          VALUES ('00000000-0000-4000-a000-000000000001', 'intent', 'activities.fifo', 'ada', 'Ada', 'admin', 'drain.rate', '{"rate":150}', NULL),
                 ('00000000-0000-4000-a000-000000000001', 'outcome', 'activities.fifo', 'ada', 'Ada', 'admin', 'drain.rate', NULL, 'done')`,
  },
  {
    since: "20261122000400_audit",
    table: "audit_head",
    // The rows above made its one row.
    sql: `INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '') ON CONFLICT DO NOTHING`,
  },
  {
    since: "20261122000410_people",
    table: "person",
    sql: `INSERT INTO person (id, email, name, role, disabled_at, created_by)
          VALUES ('00000000-0000-4000-a000-000000000001', 'ada@example.com', 'Ada', 'admin', NULL, 'user:create'), ('00000000-0000-4000-a000-000000000002', 'zoë@example.com', 'Zoë', 'support', now(), 'Ada')`,
  },
  {
    since: "20261122000410_people",
    table: "person_session",
    sql: `INSERT INTO person_session (person_id, token, ip_address, user_agent, expires_at)
          SELECT '00000000-0000-4000-a000-000000000001', 'token-' || n, '198.51.100.7', 'Mozilla/5.0', now() + n * interval '1 hour' FROM generate_series(1, 20) AS n`,
  },
  {
    since: "20261122000410_people",
    table: "sign_in_account",
    sql: `INSERT INTO sign_in_account (person_id, provider_id, account_id, password)
          VALUES ('00000000-0000-4000-a000-000000000001', 'credential', '00000000-0000-4000-a000-000000000001', 'salt:hash'), ('00000000-0000-4000-a000-000000000001', 'oidc', 'subject-1', NULL)`,
  },
  {
    since: "20261122000410_people",
    table: "sign_in_verification",
    sql: `INSERT INTO sign_in_verification (identifier, value, expires_at) VALUES ('state:1', '{"callbackURL":"/"}', now())`,
  },
  {
    since: "20261122000410_people",
    table: "person_link",
    sql: `INSERT INTO person_link (person_id, token_hash, expires_at, created_by) VALUES ('00000000-0000-4000-a000-000000000002', repeat('0', 64), now(), 'Ada')`,
  },
  {
    since: "20261122000410_people",
    table: "sign_in_limit",
    sql: `INSERT INTO sign_in_limit (key, failures, free_at, updated_at) VALUES ('account:0', 7, now(), now()), ('client:0', 1, now(), now())`,
  },
  {
    since: "20261122000500_user_progress",
    table: "user_progress",
    sql: `INSERT INTO user_progress (queue, user_hash, accepted_seq, accepted_at, accepted_count, accepted_reported_at, passed_seq, passed_at, passed_count, stored_count, balance, arrival_score)
          SELECT 'activities.fifo', 'h' || n, 100 + n, now(), n, now(), CASE WHEN n % 3 > 0 THEN 100 END, CASE WHEN n % 3 > 0 THEN now() END, n / 2, n / 2, n, 2.9e7 FROM generate_series(1, 50) AS n`,
  },
  {
    since: "20261122000500_user_progress",
    table: "progress_writer",
    // For the queue whose dial was there the migration made one itself.
    sql: `INSERT INTO progress_writer (queue, writer, flush, reported_at, lost_count, lost_at) VALUES ('activities.fifo', 'w1', 7, now(), 0, NULL), ('activities.fifo', 'p1', 9, now(), 3, now())`,
  },
];
