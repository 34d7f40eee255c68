import CastyInspection
import CastyPlacement
import CastyPrimitives

extension ShardingSnapshot {
    /// What a sharding actor shows of itself.
    init<Message>(_ shell: RegionShell<Message>) {
        self.init(type: shell.host.type, shardCount: shell.host.settings.shardCount)
    }
}
