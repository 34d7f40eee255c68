extension Setting {
    /// The limits for the number of awake entities on a node.
    private static let awake = 1...10_000_000

    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Setting {
        if cursor.accept("preset") { return .preset(try cursor.choice(of: Preset.self)) }
        if cursor.accept("passivation") {
            if cursor.accept("off") { return .passivation(.off) }
            if cursor.accept("lru") { return .passivation(.lru(try cursor.number("a number of entities", in: awake))) }
            if cursor.accept("lfu") { return .passivation(.lfu(try cursor.number("a number of entities", in: awake))) }
            try cursor.require("idle")
            return .passivation(.idle(try cursor.duration(from: .milliseconds(1))))
        }
        if cursor.accept("remember") {
            if cursor.accept("off") { return .remember(false) }
            try cursor.require("on")
            return .remember(true)
        }
        if cursor.accept("account-role") { return .accountRole(try cursor.role()) }
        if cursor.accept("account-state") { return .accountState(try cursor.choice(of: AccountState.self)) }
        if cursor.accept("memory") {
            if cursor.accept("off") { return .memory(false) }
            try cursor.require("on")
            return .memory(true)
        }
        if cursor.accept("singleton-role") { return .singletonRole(try cursor.role()) }
        if cursor.accept("singleton") {
            if cursor.accept("off") { return .singleton(false) }
            try cursor.require("on")
            return .singleton(true)
        }
        if cursor.accept("when-unstable") {
            if cursor.accept("decide") { return .whenUnstable(downsAll: false) }
            try cursor.require("down-all")
            return .whenUnstable(downsAll: true)
        }
        if cursor.accept("threshold") {
            return .threshold(try cursor.decimal("phi, as 8", in: Thousandths(count: 100)...300))
        }
        if cursor.accept("downing") { return .downing(try cursor.choice(of: Downing.self)) }
        let setting = try cursor.choice(of: TimeSetting.self)
        return .time(setting, try cursor.duration(from: setting.least))
    }
}

extension TimeSetting {
    /// The least value with which a cluster works.
    var least: Duration {
        switch self {
        case .pause, .removalMargin: .zero
        case .heartbeat, .sigmaFloor, .gossip, .stableAfter, .lease, .unstableLimit, .joinRetry, .regionRetry,
            .rebalanceCheck, .tombstones, .ask:
            .milliseconds(1)
        }
    }
}
