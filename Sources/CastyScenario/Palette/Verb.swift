/// The first words of the scenario language's commands.
package enum Verb: String, CaseIterable, Hashable, Sendable {
    case seed
    case set
    case seeds
    case roles
    case nodes
    case shards
    case start
    case spawn
    case tell
    case ask
    case load
    case kill
    case freeze
    case thaw
    case restart
    case leave
    case down
    case cut
    case heal
    case link
    case fault
    case move
    case pin
    case drain
    case undrain
    case rebalance
    case passivate
    case wait
    case note
    case at
    case expect

    /// The syntax, one line for each form.
    package var usage: [String] {
        switch self {
        case .seed: ["seed NUMBER"]
        case .set:
            [
                "set preset responsive|lan|wan", "set passivation idle TIME|lru COUNT|lfu COUNT|off",
                "set threshold PHI",
                "set downing STRATEGY", "set when-unstable down-all|decide", "set remember on|off",
                "set account-role ROLE", "set account-state balance|durable|events", "set memory on|off",
                "set singleton on|off", "set singleton-role ROLE",
                "set heartbeat|gossip|stable-after|… TIME",
            ]
        case .seeds: ["seeds NODE,…"]
        case .roles: ["roles NODE,… ROLE,…"]
        case .nodes: ["nodes COUNT"]
        case .shards: ["shards COUNT"]
        case .start: ["start NODE,… [roles ROLE,…]"]
        case .spawn: ["spawn ENTITY", "spawn ENTITY..ENTITY"]
        case .tell: ["tell ENTITY MESSAGE [via NODE]"]
        case .ask: ["ask ENTITY MESSAGE [via NODE] [-> REPLY] [within TIME]"]
        case .load: ["load RATE/s over COUNT entities for TIME", "load stop [NUMBER]"]
        case .kill: ["kill NODE,…"]
        case .freeze: ["freeze NODE,…"]
        case .thaw: ["thaw NODE,…"]
        case .restart: ["restart NODE,…"]
        case .leave: ["leave NODE,…"]
        case .down: ["down NODE,… [by NODE]"]
        case .cut: ["cut NODE,… | NODE,…", "cut NODE,… -> NODE,…"]
        case .heal: ["heal", "heal NODE NODE", "heal NODE -> NODE"]
        case .link: ["link NODE,… NODE,…|NODE,… -> NODE,…|all [latency TIME] [jitter TIME] [loss SHARE%]"]
        case .fault: ["fault NAME [NODE…] [KEY VALUE…]", "fault NAME [NODE…] off"]
        case .move: ["move shard NUMBER to NODE"]
        case .pin: ["pin shard NUMBER to NODE"]
        case .drain: ["drain NODE,…"]
        case .undrain: ["undrain NODE,…"]
        case .rebalance: ["rebalance", "rebalance pause|resume"]
        case .passivate: ["passivate ENTITY"]
        case .wait: ["wait TIME"]
        case .note: ["note \"TEXT\""]
        case .at: ["at TIME COMMAND", "at +TIME COMMAND"]
        case .expect:
            [
                "expect members NODE,… up [on NODE,…|all] [within TIME]",
                "expect NODE,… up|unreachable|down|removed [on …] [within TIME]",
                "expect leader|coordinator NODE [on …] [within TIME]", "expect converged [on …] [within TIME]",
                "expect stopped NODE,… [within TIME]", "expect shards balanced [by COUNT] [within TIME]",
                "expect shard NUMBER on NODE [within TIME]", "expect entity ENTITY on NODE [within TIME]",
                "expect lost COUNT [within TIME]", "expect no EVENT [since start]", "expect single-activation",
            ]
        }
    }

    /// A one-sentence description.
    package var summary: String {
        switch self {
        case .seed: "Fixes what all chance of the run follows from."
        case .set: "Changes a setting; all but passivation stand before the first command that acts."
        case .seeds: "Says which nodes are the seeds; without it all of them are."
        case .roles: "Says which roles nodes have from their start on."
        case .nodes: "Starts n1 to that number, each when the one before it has been welcomed."
        case .shards: "Says how many shards each entity type has."
        case .start: "Starts further nodes, with roles."
        case .spawn: "Starts entities without waiting for them."
        case .tell: "Sends a message to an entity without waiting."
        case .ask: "Sends a message once and waits for the reply, 10 s by default."
        case .load: "Sends deposit 1 to account-1 and on in turn, at a rate, without blocking; or stops that."
        case .kill: "Crashes nodes: no goodbye, sockets reset, nothing flushed."
        case .freeze: "Hangs nodes: sockets stay open, nothing runs."
        case .thaw: "Lets frozen nodes run again."
        case .restart: "Starts dead or stopped nodes on their address as new incarnations."
        case .leave: "Lets nodes leave gracefully."
        case .down: "Declares members down on an operator's word."
        case .cut: "Cuts the links between groups of nodes, or one way."
        case .heal: "Mends what ails links, cuts, latency and loss: of all, between two nodes, or one way."
        case .link: "Gives links latency, jitter and loss; without any, their defaults."
        case .fault: "Injects any other fault of the testbed, or ends it."
        case .move: "Hands a shard over to a node."
        case .pin: "Hands a shard over to a node and keeps it there."
        case .drain: "Moves all shards off nodes and allocates none to them."
        case .undrain: "Lets drained nodes have shards again."
        case .rebalance: "Evens out the shards now, or pauses and resumes doing so."
        case .passivate: "Puts entities to sleep."
        case .wait: "Holds the script for a time."
        case .note: "Tells the person watching something."
        case .at: "Carries out a command later, counted from the start or from now; the script goes on."
        case .expect: "Checks that something is true, at once or within a time."
        }
    }
}
