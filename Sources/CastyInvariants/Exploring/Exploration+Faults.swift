import CastyCore
import CastyScenario
import CastyTestbed

extension Exploration {
    /// The faults to inject for a seed, as commands with their times.
    func faults(in world: ExploredWorld, seed: UInt64) -> [Command] {
        var generator = SeededGenerator(seed: seed).fork("explore")
        let possible = families.filter { family in
            (world.everyone.count > 1 || !family.needsLink) && (!world.isGentle || family.isGentle)
        }
        guard !possible.isEmpty else { return [] }
        // Each seed has its own mixture of faults: leaving some out makes the others more frequent.
        var mixture = possible.filter { _ in generator.unit() < 0.6 }
        if mixture.isEmpty { mixture = possible }
        var actions: [PlannedFault] = []
        var time = Duration.seconds(2)
        while time < self.time {
            time += .milliseconds(Int64(500 + generator.below(7000)))
            let family = mixture[generator.below(mixture.count)]
            let nodes = world.started(at: time)
            // A single node has no link to break.
            if nodes.count == 1, family.needsLink { continue }
            var draw = FaultDraw(at: time, on: nodes, generator)
            actions += draw.faults(of: family)
            generator = draw.generator
        }
        // A fault after the recovery would never be undone.
        return actions.compactMap { action in
            if case .sinceStart(let at) = action.at, at >= self.time { return nil }
            return .at(action.at, .immediate(action.command))
        }
    }
}
