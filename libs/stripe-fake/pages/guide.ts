/** What can be asked of the fake besides the API of Stripe; for the page and for --help. */
export const guide = (url: string): string => `Everything on the dashboard, as requests that answer JSON:

curl ${url}/fake/state
curl ${url}/fake/advance       -d days=30            time passes: renewals, retries and ends happen on the way
curl ${url}/fake/advance       -d to=renewal         to the next renewal and its payment (also: -d subscription=sub_…)
curl ${url}/fake/advance       -d to=2027-01-31      to a date
curl ${url}/fake/pay           -d session=cs_test_…  [-d email=jane@example.com] [-d card=good|declined|needs_action]
curl ${url}/fake/card          -d subscription=sub_… -d card=declined     (or customer=cus_…)
curl ${url}/fake/pay-invoice   -d subscription=sub_…                      (or invoice=in_…)
curl ${url}/fake/subscription  -d subscription=sub_… [-d quantity=5] [-d price=price_…] [-d cancel_at_period_end=true] [-d pause=true]
curl ${url}/fake/cancel        -d subscription=sub_…
curl ${url}/fake/refund        -d subscription=sub_… [-d amount=500]      (or payment_intent=pi_…)
curl ${url}/fake/dispute       -d subscription=sub_…                      (or payment_intent=pi_…)
curl ${url}/fake/close-dispute -d dispute=du_… -d outcome=won|lost
curl ${url}/fake/send          -d event=evt_…        brings the event once more
curl ${url}/fake/fault         -d fault=none|error500|error429|hang|refuse|lost|malformed
`;
