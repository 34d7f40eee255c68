/// The setting that a `set` changes.
package enum Setting: Hashable, Sendable {
    /// `set preset lan`: the base values for the other settings.
    case preset(Preset)
    /// `set heartbeat 500ms`.
    case time(TimeSetting, Duration)
    /// `set threshold 10`: the phi at which a peer is unreachable.
    case threshold(Thousandths)
    /// `set downing keep-majority`.
    case downing(Downing)
    /// `set passivation idle 2s`: allowed at any time.
    case passivation(Passivation)
    /// `set when-unstable down-all`: all nodes down themselves if the view is not stable within the unstable limit.
    case whenUnstable(downsAll: Bool)
    /// `set remember on`: accounts restart without a message after a move or a crash.
    case remember(Bool)
    /// `set account-role backend`: only members with the role host accounts; the others can still reach them.
    case accountRole(String)
    /// `set account-state events`: what accounts store is their changes, and not their balance. Accounts whose state is
    /// `durable` or `events` also understand `remind SECONDS COMMAND`.
    case accountState(AccountState)
    /// `set memory on`: nodes remember their cluster across restarts, like nodes with a data folder.
    case memory(Bool)
    /// `set singleton on`: the built-in singleton runs on the oldest member and acts twenty times a second.
    case singleton(Bool)
    /// `set singleton-role backend`: the built-in singleton runs on the oldest member with the role.
    case singletonRole(String)

    /// Whether it must precede `nodes`.
    package var belongsToHeader: Bool {
        switch self {
        case .preset, .time, .threshold, .downing, .remember, .whenUnstable, .accountRole, .accountState, .memory,
            .singleton, .singletonRole:
            true
        case .passivation: false
        }
    }
}

/// How the built-in accounts store their balance.
package enum AccountState: String, CaseIterable, Hashable, Sendable {
    /// As it is.
    case balance
    /// As the state of a durable entity, with its reminders.
    case durable
    /// As the events that lead to it, with its reminders.
    case events
}

/// A named set of settings.
package enum Preset: String, CaseIterable, Hashable, Sendable {
    case responsive
    case lan
    case wan

    /// The names of all presets as a choice: `responsive, lan or wan`.
    package static let choice: String = {
        let names = allCases.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }()
}

/// The settings with a duration, by the words of a scenario.
package enum TimeSetting: String, CaseIterable, Hashable, Sendable {
    case heartbeat
    case sigmaFloor = "sigma-floor"
    case pause
    case gossip
    case stableAfter = "stable-after"
    case removalMargin = "removal-margin"
    case lease
    case unstableLimit = "unstable-limit"
    case joinRetry = "join-retry"
    case regionRetry = "region-retry"
    case rebalanceCheck = "rebalance-check"
    case tombstones
    case ask
}

/// The downing strategies, by the words of a scenario.
package enum Downing: String, CaseIterable, Hashable, Sendable {
    case keepMajority = "keep-majority"
    case keepOldest = "keep-oldest"
    case staticQuorum = "static-quorum"
    case leaseMajority = "lease-majority"
    case downAll = "down-all"
    case none
}

/// When entities are passivated.
package enum Passivation: Hashable, Sendable {
    /// `set passivation idle 2s`: after that time without a message.
    case idle(Duration)
    /// `set passivation lru 100`: the limit of awake entities on a node; the least recently used one is passivated
    /// first.
    case lru(Int)
    /// `set passivation lfu 100`: the limit of awake entities on a node; the least frequently used one is passivated
    /// first.
    case lfu(Int)
    /// `set passivation off`.
    case off
}
