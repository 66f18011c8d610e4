"""The normalizing flow."""

from tfgen.models.flow.model import Flow

__all__ = ["Flow"]
