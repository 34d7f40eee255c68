import CastyMembership
import CastyPlacement
package import CastyScenario

extension TestClusterSettings {
    /// The settings that a scenario asks for.
    ///
    /// - Parameter preset: Overrides the scenario's.
    package init(_ scenario: Scenario, preset: Preset? = nil) {
        self.init(scenario.header, nodes: scenario.nodesStarted, preset: preset)
    }

    /// The settings that a scenario's header asks for.
    ///
    /// - Parameters:
    ///   - nodes: The planned number of nodes.
    ///   - preset: Overrides the header's.
    package init(_ header: ScenarioHeader, nodes: Int, preset: Preset? = nil) {
        self.init(preset: preset ?? header.preset ?? .responsive)
        self.nodes = nodes
        shards = header.shards ?? Scenario.defaultShards
        seeds = header.seeds.map(\.number)
        roles = Dictionary(uniqueKeysWithValues: header.roles.map { ($0.key.number, $0.value) })
        for setting in header.settings { apply(setting) }
    }

    /// The settings of a preset.
    package init(preset: Preset) {
        switch preset {
        case .responsive: self.init(membership: .responsive)
        case .lan: self.init(membership: .lan)
        case .wan: self.init(membership: .wan)
        }
    }

    /// Applies one `set` line.
    package mutating func apply(_ setting: Setting) {
        switch setting {
        case .preset(let preset): membership = TestClusterSettings(preset: preset).membership
        case .time(let time, let duration): apply(time, duration)
        case .threshold(let phi):
            membership.threshold = phi.value
            membership.suspicion = min(membership.suspicion, phi.value)
        case .downing(let strategy): membership.strategy = DowningStrategy(strategy, nodes: nodes)
        case .passivation(.idle(let duration)): idlePassivation = duration
        case .passivation(.lru(let count)): (awakeLimit, passivationPolicy) = (count, .leastRecentlyUsed)
        case .passivation(.lfu(let count)): (awakeLimit, passivationPolicy) = (count, .leastFrequentlyUsed)
        case .passivation(.off): (idlePassivation, awakeLimit) = (nil, nil)
        case .remember(let isOn): remembersAccounts = isOn
        case .accountRole(let role): accountRole = role
        case .accountState(let state): accountState = state
        case .memory(let isOn): remembersCluster = isOn
        case .singleton(let isOn): runsSingleton = isOn
        case .singletonRole(let role): (singletonRole, runsSingleton) = (role, true)
        case .whenUnstable(let downsAll): membership.downAllWhenUnstable = downsAll
        }
    }

    private mutating func apply(_ setting: TimeSetting, _ duration: Duration) {
        switch setting {
        case .heartbeat: membership.heartbeat = duration
        case .sigmaFloor: membership.sigmaFloor = duration
        case .pause: membership.pause = duration
        case .gossip: membership.gossip = duration
        case .stableAfter: membership.stableAfter = .fixed(duration)
        case .removalMargin: membership.removalMargin = .fixed(duration)
        case .lease: membership.lease = duration
        case .unstableLimit: membership.unstableLimit = duration
        case .joinRetry: membership.joinRetry = duration
        case .regionRetry: regionRetry = duration
        case .rebalanceCheck: rebalanceCheck = duration
        case .tombstones: membership.tombstones = duration
        case .ask: askTimeout = duration
        }
    }
}

extension DowningStrategy {
    /// The strategy of that name, for `nodes` nodes.
    init(_ name: Downing, nodes: Int) {
        switch name {
        case .keepMajority: self = .keepMajority()
        case .keepOldest: self = .keepOldest()
        case .staticQuorum: self = .staticQuorum(size: nodes / 2 + 1)
        case .leaseMajority: self = .leaseMajority()
        case .downAll: self = .downAll
        case .none: self = .manual
        }
    }
}
