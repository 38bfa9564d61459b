import BilevelOptimization
import Foundation
import NeuralLayers
import RunSupport
import Tensors

extension FewShotProblem {
    /// How a task's head is found.
    package enum Solution: String, NamedSetting {
        /// By steps along the cross-entropy of the support.
        case descent
        /// Class means of the features (Snell et al. 2017).
        case prototypes
        /// Ridge regression onto the classes, with λ learned (R2D2, Bertinetto et al. 2019).
        case ridge
        /// Logistic regression to its optimum (MetaOptNet with that head, Lee et al. 2019).
        case logistic

        /// Whether the lower level's solution is a formula: one step leads there, from wherever it starts.
        package var isClosedForm: Bool { self == .prototypes || self == .ridge }

        /// What is learned beside the features, at the start.
        func parameters(elementType: ElementType) -> [Tensor] {
            let values: [Double] =
                switch self {
                case .descent, .prototypes: []
                case .ridge: [log(10), log(10)]
                case .logistic: [log(5)]
                }
            return values.map { Tensor($0, elementType: elementType).evaluated() }
        }

        /// How the lower level is solved and differentiated; nil where that is a choice. What comes of it is a number,
        /// dF/dx: there is no expression of it that could be differentiated once more, for any head. A loss of heads
        /// by formula is one, with derivatives of any order; that of logistic regression, solved by steps and
        /// differentiated by its optimality conditions, is none.
        /// - Parameter tolerance: of the linear system of the optimality conditions, relative.
        package func method(innerIterations: Int, tolerance: Double = 1e-8) -> Method? {
            switch self {
            case .descent: nil
            // The step of rate 1 leads to the solution, whose derivative is then exact.
            case .prototypes, .ridge: Method(dynamics: .descent(.gradientDescent(rate: 1)), innerIterations: 1)
            // Solved until its gradient vanishes; the derivative is that of the optimality conditions.
            case .logistic:
                Method(
                    dynamics: .descent(.nesterov(rate: 1, coefficient: 0.9)), innerIterations: innerIterations,
                    hypergradient: .conjugateGradient(maximumIterations: 60, tolerance: tolerance))
            }
        }

        /// A backbone's maps as the head reads them, support and query alike. Logistic regression takes features
        /// shorter by √d, so that one step size serves any backbone.
        func read(_ maps: Tensor) -> Tensor {
            guard self == .logistic else { return maps }
            let features = maps.rowsOfFeatures
            return features * (1 / Double(features.shape[1]).squareRoot())
        }

        /// What logits are multiplied with, where the head does not hold it; empty for 1.
        func scale(_ parameters: [Tensor]) -> [Tensor] { self == .logistic ? [parameters[0].exp()] : [] }

        /// Logits with what all classes share: -‖φ - p‖² for prototypes, so that a number can be compared with those
        /// of other pictures.
        func completed(_ logits: Tensor, features maps: Tensor) -> Tensor {
            self == .prototypes
                ? logits - maps.rowsOfFeatures.squared().sum(axes: [1], keepingAxes: true) : logits
        }
    }

    /// λ of logistic regression. With features of length 1 the Hessian lies between it and 1/2 + λ.
    static let logisticPenalty = 0.02
    /// Steps to its optimum: dF/dx is then within 1e-7 of the exact one; after 10 it was off by half.
    package static let logisticIterations = 200
}

extension Linear {
    /// Cross-entropy with an L2 penalty on all parameters, strongly convex.
    package func regularizedLoss(_ features: Tensor, _ labels: Tensor) -> Tensor {
        self(features).meanCrossEntropy(labels: labels) + dot(self) * (FewShotProblem.logisticPenalty / 2)
    }
}
