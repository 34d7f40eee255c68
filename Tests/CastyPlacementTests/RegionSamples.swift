import CastyCore

@testable import CastyPlacement

/// The region of node 2 in a cluster of three, and what is sent to it.
protocol RegionSamples {}

extension RegionSamples {
    var epoch: CoordinatorEpoch { CoordinatorEpoch(upNumber: 1, start: 1) }

    func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

    func version(_ sequence: UInt64) -> ShardVersion { ShardVersion(epoch: epoch, sequence: sequence) }

    func settings(_ change: (inout PlacementSettings) -> Void = { _ in }) -> PlacementSettings {
        var settings = PlacementSettings()
        settings.shardCount = 1
        change(&settings)
        return settings
    }

    /// The region of node 2, registered with the coordinator on node 1.
    func registered(_ chosen: PlacementSettings? = nil) -> Region<String> {
        var region = Region<String>(own: node(2), settings: chosen ?? settings())
        let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(0))
        _ = region.onMessage(.order(epoch, .registered(number: 1, intents: Intents())), from: node(1), at: at(1))
        return region
    }

    /// The same, with shard 0 running there.
    func hosting(_ chosen: PlacementSettings? = nil, holdFor: UniqueAddress? = nil) -> Region<String> {
        var region = registered(chosen)
        let order = HostOrder(shard: 0, version: version(1), holdFor: holdFor)
        _ = region.onMessage(.order(epoch, .host([order])), from: node(1), at: at(2))
        return region
    }

    func delivery(_ payload: String, _ entity: String = "e-1", sequence: UInt64 = 1) -> ShardDelivery<String> {
        ShardDelivery(shard: 0, entity: entity, version: version(1), sequence: sequence, payload: payload)
    }

    func instance(_ number: UInt64, _ entity: String = "e-1") -> EntityInstance {
        EntityInstance(entity: entity, shard: 0, number: number)
    }
}
