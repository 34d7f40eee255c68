import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastySharding

/// The singleton of a testbed: a timer makes it act twenty times a second.
enum SampleSingleton {
    static let name = "clock"

    /// Starts it on a node, and reports its actions to the watch.
    static func start(on cluster: Cluster, role: String?, watch: SingletonWatch) throws {
        let events = cluster.system.inspector
        let (node, scheduler) = (events.name, cluster.system.world.scheduler)
        _ = try cluster.singleton.start(name: name, role: role, of: EntityCommand.self) {
            .setup { context in
                let incarnation = watch.begin(on: node)
                events.emit(.note, detail: .text("singleton \(name) starts"))
                context.timers.start("tick", EntityCommand(number: 0, text: "tick"), every: .milliseconds(50))
                return .receive { _, command in
                    watch.act(incarnation, hasLease: scheduler.now < cluster.leaseValidUntil)
                    command.replyTo?.tell(EntityReply(node))
                    return .same
                }
            }
        }
    }
}
