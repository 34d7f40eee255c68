/// Pictures that were looked at once and must not change unnoticed.
enum Golden {
    static let quiet = """
         casty  SIM  seed 42  ▶ x1  t=2 │ 5 nodes 5+ │ views 4/5
        ┏━ 1 Members as n1 sees it ━━ 5/5 run ━┓╭─ 2 Phi from n1 ────── threshold 8.0 ─╮
        ┃    NODE STATUS  PHI SHD  ENT LAG  UP ┃│ n2    0.1                  ▁▁▁▁▁▁▁▁▁ │
        ┃▸ + n1   up ★◆     -  13  130   0  2s ┃│ n3    0.1                  ▁▁▁▁▁▁▁▁▁ │
        ┃  + n2   up      0.1  13  156   0  2s ┃│ n4    0.1                  ▁▁▁▁▁▁▁▁▁ │
        ┃  + n3   up      0.1  12  168   0  2s ┃│ n5    0.1                  ▁▁▁▁▁▁▁▁▁ │
        ┃  + n4   up      0.1  12  132  -1  2s ┃│ n2: mean 202ms  sd 50ms  pause 1.0s  │
        ┃  + n5   up      0.1  12  156   0  2s ┃│ n2: heartbeats on time  samples 200+ │
        ┃                                      ┃│ n2 crosses 8.0 after 2.4s of silence │
        ┃ ★ oldest   ◆ leader                  ┃│ O: another node's view   w: why      │
        ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛╰──────────────────────────────────────╯
        ╭─ 3 Shards  4 Net  5 Gossip ───── 64 ─╮╭─ 6 Events  7 Why  8 Flow ───── live ─╮
        │      0 1 2 3 4 5 6 7 8 9 A B C D E F ││    t   node what                     │
        │  00 ▓1▓2█3▓4▓5▓1▓2█3▓4▓5▓1▓2█3▓4▓5▓1 ││  0.0 > n5   joining  (n1)            │
        │  10 ▓2█3▓4▓5▓1▓2█3▓4▓5▓1▓2█3▓4▓5▓1▓2 ││  0.0 > n5   started                  │
        │  20 █3▓4▓5▓1▓2█3▓4▓5▓1▓2█3▓4▓5▓1▓2█3 ││  0.0 > n4   joining  (n1)            │
        │  30 ▓4▓5▓1▓2█3▓4▓5▓1▓2█3▓4▓5▓1▓2···· ││  0.0 > n4   started                  │
        │                                      ││  0.0 > n3   joining  (n1)            │
        │ n1 ███ 13   n2 ███ 13   n3 ██▊ 12    ││  0.0 > n3   started                  │
        │ n4 ██▊ 12   n5 ██▊ 12                ││  0.0 > n2   joining  (n1)            │
        │ by owner  ··2 unallocated  skew 1.0x ││ ← you: start n5 0.0                  │
        │ ▸ shard 0 → n1  10 entities  running ││ -30s ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈>┈ now │
        ╰──────────────────────────────────────╯╰──────────────────────────────────────╯
         [?]help [:]cmd [/]filter [Tab]pane [a]add [K]kill [T]freeze [r]restart [q]quit

        """

    static let killed = """
         casty  SIM  seed 42  ▶ x1  t=4 │ 5 nodes 4+ 1! │ views 3/4
        ╭─ 1 Members as n1 sees it ── 4/5 run ─╮╭─ 2 Phi from n1 ────── threshold 8.0 ─╮
        │    NODE STATUS         PHI SHD  ENT  ││ n2    0.1          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ │
        │  + n1   up ★◆            -  13  130  ││ n3   16.6          ▁▁▁▁†▁▁▁▁▁▂▃▆█!██ │
        │  + n2   up             0.1  13  156  ││ n4    0.1          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ │
        │▸ ! n3   unreachable † 16.6  12  168  ││ n5    0.1          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ │
        │  + n4   up             0.1  12  132  ││ n3: mean 202ms  sd 50ms  pause 1.0s  │
        │  + n5   up             0.1  12  156  ││ n3: silent 3.0s  samples 200+        │
        │                                      ││ n3 crossed 8.0 at 3.5, 500ms ago     │
        │ ★ oldest   ◆ leader   † dead         ││ w: why is n3 unreachable?            │
        ╰──────────────────────────────────────╯╰──────────────────────────────────────╯
        ╭─ 3 Shards  4 Net  5 Gossip ───── 64 ─╮┏━ 6 Events  7 Why  8 Flow ━━━ why n3 ━┓
        │      0 1 2 3 4 5 6 7 8 9 A B C D E F │┃ n3 is unreachable in the view of n1  ┃
        │  00 ▓1▓2!3▓4█5▓1▓2!3▓4█5▓1▓2!3▓4█5▓1 │┃ 1 actual  killed at 1.0, by you: a   ┃
        │  10 ▓2!3▓4█5▓1▓2!3▓4█5▓1▓2!3▓4█5▓1▓2 │┃           crash, no goodbye          ┃
        │  20 !3▓4█5▓1▓2!3▓4█5▓1▓2!3▓4█5▓1▓2!3 │┃ 2 silence silent 3.0s; usually one   ┃
        │  30 ▓4█5▓1▓2!3▓4█5▓1▓2!3▓4█5▓1▓2···· │┃           comes every 202ms ±50ms,   ┃
        │ n1 13  n2 13  n3 12  n4 12  n5 12    │┃           1.0s more is forgiven      ┃
        │ by owner  ··2 unallocated  skew 1.0x │┃ 3 phi     16.6 of 8.0: n3 crossed    ┃
        │ ▸ shard 0 → n1  10 entities  running │┃           8.0 at 3.5, 500ms ago     ↓┃
        ╰──────────────────────────────────────╯┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
         x n3 killed 1.0 → suspected 3.5 → unreachable 3.5 (n2) → 12 shards wait for a
           new home; 168 entities gone until their next message
         [?]help [:]cmd [/]filter [Tab]pane [w]why [v]level [p]pause [.]step [q]quit

        """
}
