"""The communes, and which CPTS holds each."""
