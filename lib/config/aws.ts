/**
 * Client options that every AWS client here is made with. The SDK sets no time limit of its own and hangs on a
 * server that never answers; `requestTimeout` alone only warns, hence `throwOnRequestTimeout`.
 *
 * @param requestTimeoutMs longest wait for an answer, milliseconds; longer than the long poll for receiving.
 * @param maxAttempts 1 where the caller owns its retries (the worker: a hidden retry spends ungranted write units).
 */
export function awsClientOptions({
  region,
  requestTimeoutMs,
  maxAttempts,
  maxSockets = 64,
}: {
  region: string;
  requestTimeoutMs: number;
  maxAttempts: number;
  maxSockets?: number;
}) {
  return {
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets, keepAlive: true },
      httpsAgent: { maxSockets, keepAlive: true },
    },
  } as const;
}
