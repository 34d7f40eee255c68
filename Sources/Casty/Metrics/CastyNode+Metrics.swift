public import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastySharding
public import CoreMetrics
import Synchronization

extension CastyNode {
    /// Reports the metrics of ``NodeMetric`` to a backend of swift-metrics until the node ends.
    ///
    /// ```swift
    /// MetricsSystem.bootstrap(prometheus)
    /// try node.report(to: MetricsSystem.factory)
    /// ```
    ///
    /// A node that is not asked to report measures nothing.
    ///
    /// - Parameters:
    ///   - factory: The backend. Where none was bootstrapped, nothing is reported.
    ///   - interval: The pause between two reports; at least 10 ms.
    /// - Throws: ``SpawnError`` where the node reports already, or is stopping.
    public func report(to factory: any MetricsFactory, every interval: Duration = .seconds(1)) throws(SpawnError) {
        if factory is NOOPMetricsHandler { return }
        let source = MetricSource(system, sharding, factory)
        let interval = max(interval, .milliseconds(10))
        _ = try system.spawnSystem(
            .setup { context in
                source.begin()
                context.timers.start("report", (), every: interval)
                var reporter = MetricReporter(factory)
                var turns: TurnTotals?
                return .receive(
                    { context, _ in
                        let counts = source.counts
                        reporter.report(
                            MetricSample.all(context.system.snapshot(), counts, formerTurns: turns))
                        turns = counts.turns
                        return .same
                    },
                    onSignal: { _, signal in
                        if case .postStop = signal { source.end() }
                        return .same
                    })
            }, name: "metrics")
    }
}

/// Counts what snapshots do not hold, while a node reports.
private final class MetricSource: Sendable {
    private struct State {
        var events: [EventKind: UInt64] = [:]
        var storeErrors: [String: UInt64] = [:]
        var timers: [MetricSample.Key: CoreMetrics.Timer] = [:]
        var unsubscribe: (@Sendable () -> Void)?
    }

    private let system: ActorSystem
    private let stores: StoreTimes
    private let factory: any MetricsFactory
    private let state = Mutex(State())

    init(_ system: ActorSystem, _ sharding: Sharding, _ factory: any MetricsFactory) {
        self.system = system
        self.factory = factory
        stores = StoreTimes.of(sharding.cluster)
    }

    func begin() {
        let unsubscribe = system.inspector.subscribe { [weak self] event in
            self?.state.withLock { $0.events[event.kind, default: 0] += 1 }
        }
        state.withLock { $0.unsubscribe = unsubscribe }
        stores.observe { [weak self] call in self?.record(call) }
    }

    func end() {
        stores.observe(nil)
        state.withLock { $0.unsubscribe }?()
    }

    private func record(_ call: StoreTimes.Call) {
        let metric = call.operation == .load ? NodeMetric.storeLoadTime : .storeSaveTime
        let key = MetricSample.Key(metric: metric, dimensions: [MetricSample.Dimension(name: "type", value: call.type)])
        let timer = state.withLock { state in
            state.storeErrors[call.type, default: 0] += call.hasFailed ? 1 : 0
            if let known = state.timers[key] { return known }
            let made = CoreMetrics.Timer(label: metric.rawValue, dimensions: key.labels, factory: factory)
            state.timers[key] = made
            return made
        }
        timer.recordNanoseconds(call.duration.nanoseconds)
    }

    /// The counts at this moment.
    var counts: MetricCounts {
        let figures = system.mailboxFigures(of: 10_000)
        let turns = system.dispatcher.turnTotals
        let longTurns = system.longTurnCount
        return state.withLock { state in
            MetricCounts(
                mailboxes: figures, turns: turns, longTurns: longTurns, events: state.events,
                storeErrors: state.storeErrors)
        }
    }
}
