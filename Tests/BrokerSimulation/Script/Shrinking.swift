#if os(Linux)
extension Script {
    /// Looks for a shorter script that goes wrong too: leaves out more and more of the steps, as long as anything goes
    /// wrong at all.
    ///
    /// - Parameter runsMax: How often it may run meanwhile.
    /// - Returns: The shortest that was found, and what goes wrong in it; nil if nothing goes wrong in this one.
    public func shrunk(runsMax: Int = 2000) -> (script: Script, violation: Violation)? {
        guard var violation = failure else { return nil }
        var best = self
        var runs = 0
        func isBetter(_ candidate: Script) -> Bool {
            runs += 1
            guard runs < runsMax, let failure = candidate.failure else { return false }
            best = candidate
            violation = failure
            return true
        }
        // Nothing that comes after the first trouble matters.
        var low = 0
        var high = steps.count
        while low < high, runs < runsMax {
            let middle = (low + high) / 2
            if isBetter(Script(setup, Array(steps[..<middle]))) { high = middle } else { low = middle + 1 }
        }
        var size = max(1, best.steps.count / 2)
        while runs < runsMax {
            var hasChanged = false
            var start = 0
            while start < best.steps.count, runs < runsMax {
                var steps = best.steps
                steps.removeSubrange(start..<min(start + size, steps.count))
                if isBetter(Script(best.setup, steps)) { hasChanged = true } else { start += size }
            }
            if size > 1 { size = max(1, size / 2) } else if !hasChanged { break }
        }
        if best.setup.loops > 1 { _ = isBetter(best.with { $0.setup.loops = 1 }) }
        for index in best.steps.indices where best.steps[index].pause > 0 {
            let step = best.steps[index]
            _ = isBetter(best.with { $0.steps[index] = Step(0, step.salt, step.action) })
        }
        return (best, violation)
    }

    /// What goes wrong in it; nil if nothing does.
    public var failure: Violation? {
        do throws(Violation) {
            try run()
            return nil
        } catch {
            return error
        }
    }

    private func with(_ change: (inout Script) -> Void) -> Script {
        var copy = self
        change(&copy)
        return copy
    }
}
#endif
